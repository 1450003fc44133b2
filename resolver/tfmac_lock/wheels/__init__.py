"""The one reader of wheels: the zip file, its METADATA, and what its name and tags say.

:mod:`~tfmac_lock.wheels.archive` opens a wheel and inflates a member,
:mod:`~tfmac_lock.wheels.metadata` reads its core metadata, :mod:`~tfmac_lock.wheels.names` its
file name. The machine code inside is read by ``macho`` and judged in ``check``.
"""
