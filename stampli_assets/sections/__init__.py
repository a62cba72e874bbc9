"""The sections of the settings file, typed: what may be said of Stampli's server, of an Intacct company, of an X3 folder.

What does not belong here: reading the file, or anything that needs the environment. Next: ``settings.py``.
"""
