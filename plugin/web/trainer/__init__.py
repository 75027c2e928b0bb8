"""What a trainer sees and does: the queue, the reading desk, the answer that a member has.

One blueprint, `trainer`; each module adds its routes. A page about a reflection goes through `blueprint.at_desk`.
"""

from plugin.web.trainer import answers, desk, queue
from plugin.web.trainer.blueprint import trainer

__all__ = ["answers", "desk", "queue", "trainer"]
