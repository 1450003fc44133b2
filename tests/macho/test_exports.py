from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.machos import Image, build, uleb
from tfmac_lock.macho import image as macho
from tfmac_lock.macho.buffer import Region
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.macho.exports import Export, Exports
from tfmac_lock.macho.image import FileType, MachO, Tables


def exports_of(data: bytes) -> Exports:
    image = macho.read(data, "x", "arm64")
    assert image is not None
    return Exports(image)


def from_trie(trie: bytes) -> Exports:
    return Exports(
        MachO(
            name="x",
            arch="arm64",
            file_type=FileType.DYLIB,
            install_name=None,
            libraries=(),
            rpaths=(),
            minos=None,
            sdk=None,
            tables=Tables(exports=(0, len(trie))),
            region=Region(data=trie, start=0, end=len(trie), what="x"),
        )
    )


NAMES = {
    "_TF_NewStatus": None,
    "_TF_NewStatusLong": None,
    "_TF_Name": (2, "_TF_Name"),
    "_alias": (1, "_original"),
    "_same": (1, ""),
}


@pytest.mark.parametrize("style", ["chained", "classic"])
def test_names_and_re_exports_are_found_in_the_trie(style: str) -> None:
    exports = exports_of(build(Image(exports=NAMES, style=style)))

    assert exports.find("_TF_NewStatus") == Export(symbol="_TF_NewStatus")
    assert exports.find("_TF_NewStatusLong") == Export(symbol="_TF_NewStatusLong")
    assert exports.find("_alias") == Export(symbol="_alias", ordinal=1, imported="_original")
    assert exports.find("_same") == Export(symbol="_same", ordinal=1, imported="_same")


@pytest.mark.parametrize("name", ["", "_", "_TF_New", "_TF_NewStatusL", "_TF_NewStatusLonger", "z"])
def test_what_only_begins_like_an_export_is_none(name: str) -> None:
    assert exports_of(build(Image(exports=NAMES))).find(name) is None


def test_symbols_of_the_symbol_table_do_not_count_where_there_is_a_trie() -> None:
    exports = exports_of(build(Image(exports={"_a": None})))

    assert [export.symbol for export in exports] == ["_a"]
    assert exports.find("_hidden") is None


def test_without_a_trie_the_symbol_table_is_asked_and_private_symbols_stay_private() -> None:
    exports = exports_of(build(Image(exports={"_a": None}, style="symtab", trie=False)))

    assert [export.symbol for export in exports] == ["_a"]
    assert exports.find("_a") == Export(symbol="_a")


def test_an_edge_without_a_name_is_followed_as_dyld_does() -> None:
    leaf = uleb(2) + b"\0\0" + b"\0"
    # The root's edge "_a" leads to a node with the edges "b" and "", both to the leaf.
    root = b"\0\x01_a\0" + uleb(6)
    middle = b"\0\x02b\0" + uleb(13) + b"\0" + uleb(13)
    exports = from_trie(root + middle + leaf)

    assert exports.find("_a") == Export(symbol="_a")
    assert exports.find("_ab") == Export(symbol="_ab")


@pytest.mark.parametrize(
    "trie",
    [
        b"\0\x01\0\0",  # the root's only edge is empty and leads to the root
        b"\0\x01_a\0\0",  # as above, with a name
        b"\0\x01_a",
        b"\0\x01_a\0\xff",
        b"\0\x01_a\0\x70",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"",
    ],
)
def test_a_trie_that_is_no_tree_is_refused(trie: bytes) -> None:
    if not trie:
        assert list(from_trie(trie)) == []
        return
    with pytest.raises(DamagedBinary):
        list(from_trie(trie))


def test_a_chain_of_nodes_without_end_is_refused() -> None:
    # Each node has one edge, without a name, to the next node five bytes on.
    chain = b"".join(b"\0\x01\0" + bytes([at & 0x7F | 0x80, at >> 7]) for at in range(5, 15_000, 5))
    with pytest.raises(DamagedBinary, match="too long"):
        from_trie(chain).find("_a")


symbol_names = st.text(alphabet="_abcZN3", min_size=1, max_size=12)


@settings(deadline=None)
@given(st.dictionaries(symbol_names, st.none() | st.tuples(st.integers(1, 300), symbol_names)))
def test_whatever_is_put_into_a_trie_comes_out_again(
    names: dict[str, tuple[int, str] | None],
) -> None:
    exports = exports_of(build(Image(exports=names)))

    expected = {
        name: Export(symbol=name)
        if other is None
        else Export(symbol=name, ordinal=other[0], imported=other[1])
        for name, other in names.items()
    }
    assert {name: exports.find(name) for name in names} == expected
    assert {export.symbol: export for export in exports} == expected


# -- tries of a few bytes

LEAF = b"\x02\0\0\0"  # two bytes of an entry, which are flags 0 and an address, and no edges


def test_the_root_may_be_an_export_without_a_name() -> None:
    exports = from_trie(LEAF)
    assert exports.find("") == Export(symbol="")
    assert exports.find("_a") is None
    assert list(exports) == [Export(symbol="")]


def test_a_name_may_end_on_the_way_to_a_longer_one() -> None:
    inner = b"\x02\0\0\x01b\0" + uleb(13)
    exports = from_trie(b"\0\x01_a\0\x06" + inner + LEAF)
    assert [one.symbol for one in exports] == ["_a", "_ab"]
    assert exports.find("_a") == Export(symbol="_a")
    assert exports.find("_ab") == Export(symbol="_ab")
    assert exports.find("_abc") is None


def test_flags_beside_the_one_of_a_re_export_make_none() -> None:
    for flags in (0x01, 0x02, 0x04, 0x10):  # thread-local, absolute, weak, with a resolver
        entry = bytes([2, flags, 0, 0])
        assert from_trie(entry).find("") == Export(symbol="")
    both = b"\x05\x0c\x02_b\0\0"  # weak and re-exported from the second library
    assert from_trie(both).find("") == Export(symbol="", ordinal=2, imported="_b")


def test_names_that_are_no_utf_8_are_found_as_they_are() -> None:
    exports = from_trie(b"\0\x01\xff\0\x05" + LEAF)
    (only,) = exports
    assert exports.find(only.symbol) == only == Export(symbol="\udcff")


@pytest.mark.parametrize(("limit", "reached"), [(3, True), (2, False)])
def test_a_way_of_the_greatest_depth_is_gone(
    limit: int, reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfmac_lock.macho.exports.MAX_DEPTH", limit)
    exports = from_trie(b"\0\x01a\0\x05" + b"\0\x01b\0\x0a" + LEAF)
    if reached:
        assert exports.find("ab") == Export(symbol="ab")
    else:
        with pytest.raises(DamagedBinary, match="is a circle or too long"):
            exports.find("ab")


def test_a_trie_has_as_many_nodes_and_as_long_names_as_the_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trie = b"\0\x01a\0\x05" + b"\0\x01b\0\x0a" + LEAF
    for name, enough in (("MAX_NODES", 3), ("MAX_NAME", 2)):
        with monkeypatch.context() as patch:
            patch.setattr(f"tfmac_lock.macho.exports.{name}", enough)
            assert [one.symbol for one in from_trie(trie)] == ["ab"]
            patch.setattr(f"tfmac_lock.macho.exports.{name}", enough - 1)
            with pytest.raises(DamagedBinary, match=r"makes it no tree|does not end"):
                list(from_trie(trie))


def test_a_node_that_two_edges_lead_to_makes_it_no_tree() -> None:
    trie = b"\0\x02a\0\x08b\0\x08" + LEAF
    with pytest.raises(DamagedBinary, match="the node at 8 makes it no tree"):
        list(from_trie(trie))
    assert from_trie(trie).find("b") == Export(symbol="b")


def test_without_a_trie_the_names_come_in_order() -> None:
    names = {"_c": None, "_a": None, "_b": None}
    exports = exports_of(build(Image(exports=names, style="symtab", trie=False)))
    assert [export.symbol for export in exports] == ["_a", "_b", "_c"]
    assert exports.find("_d") is None
