from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmac_lock.curate.demangle import demangle

# As GNU c++filt 2.40 has them, but for ">>", which it writes "> >".
KNOWN = {
    "_TF_NewStatus": "TF_NewStatus",
    "__ZN3tsl8internal10LogMessageC1EPKcii": (
        "tsl::internal::LogMessage::LogMessage(char const*, int, int)"
    ),
    "__ZN3tsl8internal10LogMessage16VmoduleActivatedEPKci": (
        "tsl::internal::LogMessage::VmoduleActivated(char const*, int)"
    ),
    "__ZN10tensorflow8internal15LogMessageFatalD1Ev": (
        "tensorflow::internal::LogMessageFatal::~LogMessageFatal()"
    ),
    "__ZN10tensorflow9AttrValue8CopyFromERKS0_": (
        "tensorflow::AttrValue::CopyFrom(tensorflow::AttrValue const&)"
    ),
    "__ZN10tensorflow28_AttrValue_default_instance_E": ("tensorflow::_AttrValue_default_instance_"),
    "__ZN6google8protobuf13RepeatedFieldIxE7ReserveEi": (
        "google::protobuf::RepeatedField<long long>::Reserve(int)"
    ),
    "__ZN6google8protobuf5Arena18CreateMaybeMessageIN10tensorflow11TensorProtoEJEEEPT_PS1_DpOT0_": (
        "tensorflow::TensorProto* google::protobuf::Arena::CreateMaybeMessage"
        "<tensorflow::TensorProto>(google::protobuf::Arena*)"
    ),
    "__ZN6google8protobuf8internal11LogFinisheraSERNS1_10LogMessageE": (
        "google::protobuf::internal::LogFinisher::operator=(google::protobuf::internal::LogMessage&)"
    ),
    "__ZN6google8protobuf8internal14ArenaStringPtr3SetEONSt3__112basic_stringIcNS3_11char_traits"
    "IcEENS3_9allocatorIcEEEEPNS0_5ArenaE": (
        "google::protobuf::internal::ArenaStringPtr::Set(std::__1::basic_string<char, "
        "std::__1::char_traits<char>, std::__1::allocator<char>>&&, google::protobuf::Arena*)"
    ),
    "__ZNK6google8protobuf7Message11DebugStringEv": (
        "google::protobuf::Message::DebugString() const"
    ),
    "__ZN6google8protobuf8internal15ThreadSafeArena10AddCleanupEPvPFvS3_E": (
        "google::protobuf::internal::ThreadSafeArena::AddCleanup(void*, void (*)(void*))"
    ),
    "__ZN6google8protobuf5Arena26AllocateAlignedWithCleanupEmPKSt9type_info": (
        "google::protobuf::Arena::AllocateAlignedWithCleanup(unsigned long, std::type_info const*)"
    ),
    "__ZTISt11range_error": "typeinfo for std::range_error",
    "__ZdlPv": "operator delete(void*)",
    "__Znwm": "operator new(unsigned long)",
    "__ZnwmRKSt9nothrow_t": "operator new(unsigned long, std::nothrow_t const&)",
}


@pytest.mark.parametrize(("symbol", "readable"), KNOWN.items())
def test_names_read_as_c_plus_plus(symbol: str, readable: str) -> None:
    assert demangle(symbol) == readable


@pytest.mark.parametrize(
    "symbol", ["__ZN3foo", "__Z", "__ZN", "__ZS_", "__ZT", "__Z3fooIXadL_Z3barvEEE", "_", ""]
)
def test_what_cannot_be_read_comes_back_as_it_is(symbol: str) -> None:
    assert demangle(symbol) in (symbol, symbol.removeprefix("_"))


@settings(deadline=None)
@given(st.text(alphabet="_ZNKSTIEJLRPOFDCpt0123aivcb", max_size=60))
def test_no_name_breaks_the_reader(tail: str) -> None:
    assert isinstance(demangle("__Z" + tail), str)


def test_names_that_would_grow_without_bound_are_given_up() -> None:
    # Each substitution doubles the text: thirty of them would make a gigabyte.
    doubling = "__Z1f1aIvE"
    for number in range(30):
        last = "S_" if number == 0 else f"S{2 * number - 1:X}_"
        doubling += f"1bI{last}{last}E"
    assert len(demangle(doubling)) < 100_000


def test_deep_nesting_is_given_up() -> None:
    assert demangle("__Z1f" + "P" * 100_000 + "v") == "__Z1f" + "P" * 100_000 + "v"
