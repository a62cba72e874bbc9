"""What Stampli sends: columns and their aliases, layouts, readers of every shape, and the rules of valid files.

From the outside in: ``envelope`` (archives, other kinds) → ``text`` (encodings) → ``csv_reader``, ``record_types`` or
``xml_reader`` → ``headers`` → ``cells`` → ``rules``, ``payment_rules`` or ``list_rules``. ``contracts`` says which columns
each kind of file has; ``layout`` is what a connection declares of it; ``proposal`` proposes one from an unknown file.

Does not belong here: what the ERP calls things (``mapping/``), or how a file gets here (``sftp/``). Next:
``pipeline/parse.py``.
"""
