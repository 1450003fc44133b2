"""What the binaries inside wheels say, read without a Mac.

The way of the data: :mod:`~tfmac_lock.wheels.archive` opens a wheel and inflates a member,
:mod:`~tfmac_lock.macho.image` reads its load commands,
:mod:`~tfmac_lock.macho.imports` and :mod:`~tfmac_lock.macho.exports` what it needs and
offers; :mod:`~tfmac_lock.wheels.binary_facts` reduces a release to the few facts that are kept in
``matrix/binaries/`` (:mod:`~tfmac_lock.matrix.binaries`), and
:mod:`~tfmac_lock.matrix.load_check` decides from these alone whether a plugin loads.
"""
