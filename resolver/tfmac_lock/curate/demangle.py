"""C++ names for people: the Itanium C++ ABI mangling, section 5.1, as far as plugins use it.

Names with constructs that are not read here (expressions, decltype, closures) come back as
they went in, since a wrong name is worse than an ugly one. Hostile names cost a bounded effort:
both the depth and the length of the result are limited.

An own reader, since the one pure-Python package (itanium_demangler 1.1) read 1101 of the 1866
names that plugins hold as ``c++filt`` does, and ``cxxfilt`` needs the C++ library of the system.
"""

from __future__ import annotations

_MAX_DEPTH = 64
_MAX_STEPS = 20_000
_MAX_TEXT = 20_000

_DIGITS = frozenset("0123456789")

_BUILTIN = {
    "v": "void", "w": "wchar_t", "b": "bool", "c": "char", "a": "signed char",
    "h": "unsigned char", "s": "short", "t": "unsigned short", "i": "int", "j": "unsigned int",
    "l": "long", "m": "unsigned long", "x": "long long", "y": "unsigned long long",
    "n": "__int128", "o": "unsigned __int128", "f": "float", "d": "double", "e": "long double",
    "g": "__float128", "z": "...",
}  # fmt: skip
_BUILTIN_D = {"n": "std::nullptr_t", "h": "half", "i": "char32_t", "s": "char16_t", "u": "char8_t"}
_STANDARD = {
    "t": "std", "a": "std::allocator", "b": "std::basic_string", "s": "std::string",
    "i": "std::istream", "o": "std::ostream", "d": "std::iostream",
}  # fmt: skip
_OPERATORS = {
    "nw": "new", "na": "new[]", "dl": "delete", "da": "delete[]", "ps": "+", "ng": "-",
    "ad": "&", "de": "*", "co": "~", "pl": "+", "mi": "-", "ml": "*", "dv": "/", "rm": "%",
    "an": "&", "or": "|", "eo": "^", "aS": "=", "pL": "+=", "mI": "-=", "mL": "*=", "dV": "/=",
    "rM": "%=", "aN": "&=", "oR": "|=", "eO": "^=", "ls": "<<", "rs": ">>", "lS": "<<=",
    "rS": ">>=", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
    "nt": "!", "aa": "&&", "oo": "||", "pp": "++", "mm": "--", "cm": ",", "pm": "->*",
    "pt": "->", "cl": "()", "ix": "[]", "qu": "?",
}  # fmt: skip
_SPECIAL = {
    "TV": "vtable for ", "TT": "VTT for ", "TI": "typeinfo for ", "TS": "typeinfo name for ",
}  # fmt: skip


def demangle(symbol: str) -> str:
    """The readable form of a symbol as Mach-O spells it (``__ZN3tsl…``), or the symbol itself.

    C symbols lose the underscore that Mach-O puts before them.
    """
    if not symbol.startswith("__Z"):
        return symbol.removeprefix("_")
    try:
        return _Parser(symbol[3:]).encoding_to_end()
    except (_CannotReadError, IndexError):
        return symbol


class _CannotReadError(Exception):
    pass


class _Parser:
    """Recursive descent over one name; ``subs`` and ``arguments`` are the ABI's two tables."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.steps = 0
        self.subs: list[str] = []
        self.arguments: list[list[str]] = []  # one text each, and any number for a pack

    def encoding_to_end(self) -> str:
        result = self.encoding()
        if self.at != len(self.text):
            raise _CannotReadError
        return result

    def peek(self, size: int = 1) -> str:
        return self.text[self.at : self.at + size]

    def take(self, wanted: str) -> bool:
        if self.text.startswith(wanted, self.at):
            self.at += len(wanted)
            return True
        return False

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise _CannotReadError

    def enter(self) -> None:
        self.depth += 1
        self.steps += 1
        if self.depth > _MAX_DEPTH or self.steps > _MAX_STEPS:
            raise _CannotReadError

    def keep(self, text: str) -> str:
        if len(text) > _MAX_TEXT or len(self.subs) > _MAX_TEXT:
            raise _CannotReadError
        self.subs.append(text)
        return text

    def encoding(self) -> str:
        """<encoding>: a special name, a function with its parameters, or data."""
        if self.take("GV"):
            return f"guard variable for {self.name()[0]}"
        if (head := _SPECIAL.get(self.peek(2))) is not None:
            self.at += 2
            return head + self.type()
        name, templated, suffix = self.name()
        if self.at >= len(self.text) or self.peek() == "E":
            return name
        # Function templates, but no constructors and conversions, carry their return type.
        returns = f"{self.type()} " if templated else ""
        return f"{returns}{name}({self.parameters()}){suffix}"

    def parameters(self) -> str:
        types = []
        while self.at < len(self.text) and self.peek() != "E":
            types.append(self.type())
        # What an empty pack expands to is no parameter.
        return "" if types == ["void"] else ", ".join(filter(None, types))

    def name(self) -> tuple[str, bool, str]:
        """<name>: the text, whether it is a template's with a return type, and its suffix."""
        if self.peek() == "N":
            return self.nested_name()
        if self.take("Z"):
            self.enter()
            outer = self.encoding()
            self.need("E")
            self.depth -= 1
            if self.take("s"):
                return f"{outer}::string literal", False, ""
            inner, templated, suffix = self.name()
            self.discriminator()
            return f"{outer}::{inner}", templated, suffix
        if self.peek() == "S" and self.peek(2) != "St":
            text = self.substitution()
        elif self.take("St"):
            text = self.keep(f"std::{self.unqualified_name('')}")
        else:
            text = self.keep(self.unqualified_name(""))
        if self.peek() == "I":
            return text + self.template_arguments(), True, ""
        # A name alone is no candidate for substitution when it is that of a function, but the
        # ABI numbers only types, prefixes and templates: take the entry back.
        if self.subs and self.subs[-1] == text:
            self.subs.pop()
        return text, False, ""

    def discriminator(self) -> None:
        if self.take("_"):
            while self.peek() in _DIGITS or self.peek() == "_":
                self.at += 1

    def nested_name(self) -> tuple[str, bool, str]:
        self.need("N")
        suffix = ""
        for letter, word in (("r", " restrict"), ("V", " volatile"), ("K", " const")):
            if self.take(letter):
                suffix = word + suffix
        for letter, word in (("R", " &"), ("O", " &&")):
            if self.take(letter):
                suffix += word
        text, last = "", ""
        templated = False
        while not self.take("E"):
            self.enter()
            self.depth -= 1
            if self.peek() == "I":
                text += self.template_arguments()
                templated = not last.startswith(("~", "operator ")) and not self.is_constructor
            elif self.peek() == "S" and self.peek(2) != "St":
                text = last = self.substitution()
                continue
            elif self.take("St"):
                text, last = "std", "std"
                continue
            elif self.peek() == "T":
                text = last = self.template_parameter()
            else:
                last = self.unqualified_name(text)
                text = f"{text}::{last}" if text else last
                templated = False
            if self.peek() != "E":
                self.keep(text)
        return text, templated, suffix

    is_constructor = False

    def unqualified_name(self, scope: str) -> str:
        self.is_constructor = False
        self.take("L")  # internal linkage is not shown
        if self.peek() in _DIGITS:
            text = self.source_name()
        elif self.peek() in ("C", "D") and self.peek(2)[1:] in tuple("0123456"):
            self.is_constructor = True
            text = ("~" if self.peek() == "D" else "") + _last_part(scope)
            self.at += 2
        elif self.take("cv"):
            text = f"operator {self.type()}"
        elif (operator := _OPERATORS.get(self.peek(2))) is not None:
            self.at += 2
            text = f"operator{' ' if operator[0].isalpha() else ''}{operator}"
        else:
            raise _CannotReadError
        while self.take("B"):
            text += f"[abi:{self.source_name()}]"
        return text

    def source_name(self) -> str:
        size = self.number()
        text = self.peek(size)
        if size == 0 or len(text) != size:
            raise _CannotReadError
        self.at += size
        return "(anonymous namespace)" if text.startswith("_GLOBAL__N") else text

    def number(self) -> int:
        start = self.at
        while self.peek() in _DIGITS and self.at - start < 6:
            self.at += 1
        if start == self.at:
            raise _CannotReadError
        return int(self.text[start : self.at])

    def sequence(self) -> int:
        """<seq-id>_: the empty one is 0, the others count from 1 in base 36."""
        start = self.at
        while self.peek().isalnum() and self.at - start < 4:
            self.at += 1
        digits = self.text[start : self.at]
        self.need("_")
        return int(digits, 36) + 1 if digits else 0

    def substitution(self) -> str:
        self.need("S")
        if (word := _STANDARD.get(self.peek())) is not None:
            self.at += 1
            return word
        index = self.sequence()
        if index >= len(self.subs):
            raise _CannotReadError
        return self.subs[index]

    def template_parameter(self) -> str:
        self.need("T")
        index = self.sequence()
        if index >= len(self.arguments) or len(self.arguments[index]) > 1:
            raise _CannotReadError
        return "".join(self.arguments[index])

    def template_arguments(self) -> str:
        self.need("I")
        self.enter()
        found: list[list[str]] = []
        while not self.take("E"):
            found.append(self.template_argument())
        self.depth -= 1
        # Parameters of the outermost template are what T_ in the signature means.
        self.arguments = found
        return f"<{', '.join(one for pack in found for one in pack)}>"

    def template_argument(self) -> list[str]:
        if self.take("J"):
            pack: list[str] = []
            while not self.take("E"):
                pack += self.template_argument()
            return pack
        if self.take("L"):
            return [self.literal()]
        if self.peek() == "X":
            raise _CannotReadError
        return [self.type()]

    def literal(self) -> str:
        if self.peek() in ("_", "Z"):
            raise _CannotReadError
        kind = self.type()
        start = self.at
        while self.peek() != "E":
            self.at += 1
            if self.at >= len(self.text):
                raise _CannotReadError
        value = self.text[start : self.at].replace("n", "-", 1)
        self.need("E")
        if kind == "bool":
            return {"0": "false", "1": "true"}.get(value, value)
        ending = {
            "int": "",
            "unsigned int": "u",
            "long": "l",
            "unsigned long": "ul",
            "long long": "ll",
            "unsigned long long": "ull",
        }.get(kind)
        return f"({kind}){value}" if ending is None else value + ending

    def type(self) -> str:
        """<type>, entered into the table of substitutions unless it is a builtin."""
        self.enter()
        try:
            return self._type()
        finally:
            self.depth -= 1

    def _type(self) -> str:
        letter = self.peek()
        if letter in _BUILTIN:
            self.at += 1
            return _BUILTIN[letter]
        if letter == "D":
            if (word := _BUILTIN_D.get(self.peek(2)[1:])) is not None:
                self.at += 2
                return word
            if self.take("Dp"):
                return self.keep(self.type())
            raise _CannotReadError
        qualifiers = ""
        for mark, word in (("r", " restrict"), ("V", " volatile"), ("K", " const")):
            if self.take(mark):
                qualifiers = word + qualifiers
        if qualifiers:
            return self.keep(self.type() + qualifiers)
        for mark, sign in (("P", "*"), ("R", "&"), ("O", "&&")):
            if self.take(mark):
                return self.keep(_pointer(self.type(), sign))
        if self.take("F"):
            self.take("Y")
            returns = self.type()
            inside = self.parameters()
            self.need("E")
            return self.keep(f"{returns} ({inside})")
        if self.take("A"):
            size = str(self.number()) if self.peek() in _DIGITS else ""
            self.need("_")
            return self.keep(f"{self.type()} [{size}]")
        if letter == "T":
            text = self.keep(self.template_parameter())
        elif letter == "S" and self.peek(2) != "St":
            text = self.substitution()
            if self.peek() != "I":
                return text
        elif letter == "N":
            return self.keep(self.nested_name()[0])
        elif letter in _DIGITS or letter == "S":
            prefix = "std::" if self.take("St") else ""
            text = self.keep(prefix + self.unqualified_name(""))
        else:
            raise _CannotReadError
        if self.peek() == "I":
            saved = self.arguments
            text = self.keep(text + self.template_arguments())
            self.arguments = saved
        return text


def _pointer(target: str, sign: str) -> str:
    """A pointer or reference to ``target``; to a function or array it goes into the middle."""
    if not target:
        return ""  # an empty pack
    for opening in (" (", " ["):
        at = target.find(opening)
        if target.endswith((")", "]")) and at >= 0:
            rest = target[at + 1 :]
            if rest.startswith("(") and rest[1:2] in ("*", "&"):
                return f"{target[: at + 2]}{sign}{target[at + 2 :]}"
            return f"{target[:at]} ({sign}){rest}"
    if sign != "*" and target.endswith("&"):
        return target if sign == "&&" else target.rstrip("&") + "&"
    return target + sign


def _last_part(scope: str) -> str:
    """The class's own name out of its full one, without template arguments."""
    depth = 0
    for index in range(len(scope) - 1, 0, -1):
        if scope[index] == ">":
            depth += 1
        elif scope[index] == "<":
            depth -= 1
        elif depth == 0 and scope[index - 1 : index + 1] == "::":
            scope = scope[index + 1 :]
            break
    return scope.split("<", 1)[0]
