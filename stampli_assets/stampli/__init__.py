"""What Stampli sends: columns and their aliases, layouts, readers of every shape, and the rules of a valid invoice.

From the outside in: ``envelope`` (archives, other kinds) → ``text`` (encodings) → ``csv_reader``, ``record_types`` or
``xml_reader`` → ``headers`` → ``cells`` → ``rules``. ``layout`` is what a connection declares of them;
``proposal`` proposes one from an unknown file.

Does not belong here: what the ERP calls things (``mapping/``), or how a file gets here (``sftp/``). Next:
``pipeline/parse.py``.
"""
