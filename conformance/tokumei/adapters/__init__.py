"""How the suite reaches a product: it starts it, hands over a folder, and takes one back.

``connect("exec:CMD")`` gives an ``Adapter``; ``adapter.call(request)`` gives a ``Call`` and never raises
for anything that the product does. An adapter never judges. ``batch:`` starts one process a call,
``exec:`` keeps one process and speaks JSON lines with it, ``python:`` is ``exec:`` of ``pythonhost``,
``InProcess`` is a Python callable in this process. Nothing is imported here, so that ``pythonhost``
starts without the rest of the suite.
"""
