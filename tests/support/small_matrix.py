"""A matrix folder of one fact of each kind, in which the linter finds nothing wrong."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SHA = "0" * 64

FILES = {
    "recipes/finder.toml": """#:schema ../schemas/recipe.schema.json
name = "finder"
kind = "application"
title = "Finder: finds things"
text = "It finds things in pictures."
python = "3.11"
requirements = ["finder>=1", "tensorflow"]
sources = ["https://example.org/finder"]
smoke = '''
import finder
'''
""",
    "proofs/recipes/finder/tensorflow-2.18.1-py3.11-arm64.toml": """recipe = "finder"
arch = "arm64"
tensorflow = "2.18.1"
python = "3.11"
date = 2026-01-31
outcome = "works"
seconds = 1.5
program = "e81ba757d348beac4e6ddfdbffc43f0646d4619aec92bbe2ce893d269b0c005e"
system = "Linux x86_64"
wheel = "tensorflow_cpu-2.18.1-cp311-cp311-manylinux_2_17_x86_64.whl"
imported = ["finder"]
[pins]
finder = "1.2"
tensorflow = "2.18.1"
""",
    "platforms.toml": """#:schema schemas/platforms.schema.json
[[macos]]
major = 14
name = "Sonoma"
source = "https://example.org/macos"
[[chips]]
id = "m1"
name = "Apple M1"
arch = "arm64"
first_macos = "11.0"
gpu = true
source = "https://example.org/m1"
[[chips]]
id = "intel"
name = "Intel"
arch = "x86_64"
variants = ["amd"]
first_macos = "10.15"
gpu = true
source = "https://example.org/intel"
[[pythons]]
series = "3.11"
arm64 = 5
x86_64 = 5
source = "https://example.org/python"
""",
    "bounds.toml": """#:schema schemas/bounds.schema.json
[[bounds]]
id = "numpy-2"
package = "numpy"
specifier = "<2"
tensorflow = ">=2.18"
reason = "compiled against numpy 1"
source = "twin: it fails at import"
symptom = "thing-broke"
tried = [
  { package_version = "1.26.4", works = true },
  { package_version = "2.0.0", works = false, error = "TypeError" },
]
""",
    "vendor.toml": """#:schema schemas/vendor.schema.json
source = "https://example.org/vendor"
read = 2026-01-31
pairs = [{ tensorflow = ">=2.18", metal = "1.2.0", macos = "12.0+" }]
""",
    "reports/wrong-numbers.toml": """#:schema ../schemas/report.schema.json
id = "wrong-numbers"
outcome = "broken"
about = "defect"
tensorflow = "==2.18.1"
metal = "1.2.0"
plugin = "some"
text = "the numbers are wrong"
source = "https://example.org/report"
""",
    "defects.toml": """#:schema schemas/defects.schema.json
[[defects]]
id = "wrong"
title = "Wrong results"
tensorflow = "==2.18.1"
metal = "==1.2.0"
text = "the results are wrong"
way_out = "use the CPU instead"
sources = ["https://example.org/defect"]
reports = ["wrong-numbers"]
""",
    "floors.toml": """#:schema schemas/floors.schema.json
source = "comparison: imports with the SDKs"
[[floors]]
versions = ["1.2.0"]
load = "12.1"
load_evidence = "it binds a class"
run = "12.3"
run_evidence = "it calls a selector"
""",
    "packages.toml": """#:schema schemas/packages.schema.json
[[packages]]
name = "tensorflow"
kind = "offered"
title = "TensorFlow itself"
text = "what everybody wants"
instead = ""
sources = ["https://example.org/tensorflow"]
""",
    "roads.toml": "#:schema schemas/roads.schema.json\nroads = []\n",
    "waivers.toml": "#:schema schemas/waivers.schema.json\nwaivers = []\n",
    "natives.toml": "#:schema schemas/natives.schema.json\nnames = []\n",
    "lineage.toml": """#:schema schemas/lineage.schema.json
package = "tensorflow-deps"
channel = "https://example.org/channel"
subdir = "osx-arm64"
text = "the old conda package"
instead = "take a lock instead"
faults = []
releases = []
""",
    "symptoms/thing-broke.toml": """#:schema ../schemas/symptom.schema.json
id = "thing-broke"
title = "The thing broke"
stage = "import"
cause = "Because."
[[patterns]]
regex = 'thing broke'
[[examples]]
text = "the thing broke"
source = "made up"
[[near_misses]]
text = "all is well"
why = "nothing broke"
[[cures]]
text = "Mend it."
[[sources]]
url = "https://example.org/"
says = "so"
""",
    "releases/tensorflow/2.18.1.toml": f"""package = "tensorflow"
version = "2.18.1"
read = 2026-01-31
metadata = [{{ requires = [] }}]
[[wheels]]
filename = "tensorflow-2.18.1-cp311-cp311-macosx_12_0_arm64.whl"
url = "https://example.org/tensorflow.whl"
sha256 = "{SHA}"
size = 1
payload = true
metadata = 0
""",
    "releases/tensorflow-metal/1.2.0.toml": f"""package = "tensorflow-metal"
version = "1.2.0"
read = 2026-01-31
metadata = [{{ requires = [] }}]
[[wheels]]
filename = "tensorflow_metal-1.2.0-cp311-cp311-macosx_12_0_arm64.whl"
url = "https://example.org/metal.whl"
sha256 = "{SHA}"
size = 1
payload = true
metadata = 0
""",
    "proofs/twin/2.18.1-py3.11-00000000.toml": """outcome = "works"
text = "Imported, trained, saved and loaded"
date = 2026-01-31
source = "tfmac-lock prove twin"
package = "tensorflow"
tensorflow = "2.18.1"
python = "3.11.5"
system = "Linux x86_64"
device = "cpu"
data = "synthetic"
grade = "twin"
pins = { numpy = "1.26.4" }
""",
    "binaries/tensorflow/2.18.1.toml": """schema_version = 1
package = "tensorflow"
version = "2.18.1"
[[binaries]]
arch = "arm64"
macos_tag = "12.0"
payload = true
images = []
exports = []
elsewhere = []
absent = []
files = []
""",
    "companions/tensorflow-text.toml": """#:schema ../schemas/companion.schema.json
name = "tensorflow-text"
couples = "binary"
text = "Its images bind to those of TensorFlow."
sources = ["https://example.org/text"]
modules = ["tensorflow_text"]
[[needs]]
id = "minor"
requires = "tensorflow ==2.18.*"
reason = "it was built for it"
source = "twin: it fails beside another one"
[[settings]]
name = "QUIET"
value = "1"
reason = "it says too much"
source = "twin: it does"
""",
    "proofs/companions/tensorflow-text/2.18.1-tensorflow-2.18.1-py3.11-f67e112f.toml": """
companion = "tensorflow-text"
version = "2.18.1"
tensorflow = "2.18.1"
python = "3.11"
date = 2026-11-26
outcome = "works"
seconds = 2.5
program = "PROGRAM"
system = "Linux x86_64"
wheel = "tensorflow_cpu-2.18.1-cp311-cp311-manylinux_2_17_x86_64.whl"
environment = { QUIET = "1" }
pins = { numpy = "1.26.4", tensorflow = "2.18.1", tensorflow-text = "2.18.1" }
""".replace("PROGRAM", hashlib.sha256(b"import tensorflow_text\n").hexdigest()),
}


def write_matrix(root: Path, changes: dict[str, tuple[str, str]] | None = None) -> Path:
    """The folder, with the first text of each pair replaced by the second in the named files."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        old, new = (changes or {}).get(name, ("", ""))
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1) if old else text, "utf-8")
    return root
