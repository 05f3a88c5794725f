"""Identifiers found again in files of any size, however they are written there.

``identifiers`` is what is looked for, ``spellings`` how each may be written, ``views`` what a stretch of bytes may
say, ``search`` the search, ``scan`` all of it over a folder.
"""
