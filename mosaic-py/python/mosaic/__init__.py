"""The operations of Mosaic, their JSON Schemas, and its errors.

>>> import mosaic
>>> [op.name for op in mosaic.operations() if op.service == "ai"]
['ai.complete', 'ai.list_models', 'ai.stream']
>>> mosaic.schema("git.get_repository")["params"]["required"]
['repo']
>>> try:
...     mosaic.schema("git.get_repositry")
... except mosaic.Error as error:
...     error.kind
'invalid'

Operations cannot be called from Python yet.
"""

from ._mosaic import *  # noqa: F403
from ._mosaic import __all__ as __all__
from ._mosaic import __version__ as __version__
