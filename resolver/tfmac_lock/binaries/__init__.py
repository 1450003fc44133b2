"""What the binaries inside wheels say, read without a Mac.

The way of the data: :mod:`~tfmac_lock.binaries.wheelfile` opens a wheel and inflates a member,
:mod:`~tfmac_lock.binaries.macho` reads its load commands,
:mod:`~tfmac_lock.binaries.imports` and :mod:`~tfmac_lock.binaries.exports` what it needs and
offers; :mod:`~tfmac_lock.binaries.reading` reduces a release to the few facts that are kept in
``matrix/binaries/`` (:mod:`~tfmac_lock.binaries.facts`), and
:mod:`~tfmac_lock.binaries.pairs` decides from these alone whether a plugin loads.
"""
