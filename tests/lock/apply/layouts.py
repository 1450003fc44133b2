"""Layouts that pyproject.toml files really have, written for these tests: each stands for many."""

PLAIN = """\
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.9"
dependencies = ["tensorflow>=2.10", "pillow"]
"""

LAYOUTS: dict[str, str] = {
    "plain": PLAIN,
    "one a line with comments": """\
# The project of a lab.
[build-system]
requires = ["hatchling"]   # small
build-backend = "hatchling.build"

[project]
name = "lab"
version = "1"
dependencies = [
  # the model
  "keras",
  "numpy>=1.22",  # arrays
]  # and nothing else
""",
    "no dependencies": '[project]\nname = "x"\nversion = "0"\n',
    "empty dependencies": '[project]\nname = "x"\nversion = "0"\ndependencies = []\n',
    "dynamic dependencies": """\
[project]
name = "x"
dynamic = ["version", "dependencies"]

[tool.setuptools.dynamic]
dependencies = { file = ["requirements.in"] }
""",
    "no project, Poetry of before": """\
[tool.poetry]
name = "old"
version = "0"
description = ""
authors = []

[tool.poetry.dependencies]
python = "^3.9"
tensorflow = "^2.10"

[tool.poetry.group.dev.dependencies]
pytest = "*"
""",
    "Poetry with a project": PLAIN
    + """
[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "mirror"
url = "https://example.org/simple/"
""",
    "uv with settings": PLAIN
    + """
[dependency-groups]
dev = ["pytest", { include-group = "lint" }]
lint = ["ruff"]

[tool.uv]
# nothing is built here
package = false
constraint-dependencies = ["urllib3<3"]  # ours

[tool.uv.sources]
pillow = { index = "own" }

[[tool.uv.index]]
name = "own"
url = "https://example.org/simple/"
""",
    "uv with sources alone": PLAIN
    + """
[tool.uv.sources]
pillow = { git = "https://example.org/pillow" }
""",
    "uv with environments": PLAIN
    + """
[tool.uv]
environments = [
    "sys_platform == 'darwin'",
    "sys_platform == 'linux'",
]
override-dependencies = ["idna==3.20"]
""",
    "uv with metadata in tables": PLAIN
    + """
[[tool.uv.dependency-metadata]]
name = "flash"
version = "1.0"
requires-dist = []
""",
    "uv's settings in the middle": """\
[tool.uv]
package = false

[project]
name = "demo"
version = "0.1"
dependencies = ["tensorflow"]

[tool.ruff]
line-length = 100
""",
    "a workspace": """\
[tool.uv.workspace]
members = ["packages/*"]
""",
    "dotted keys": """\
project.name = "dotted"
project.version = "0"
project.dependencies = ["tensorflow"]
tool.black.line-length = 100
""",
    "tools apart": PLAIN
    + """
[tool.ruff]
line-length = 100

[tool.pytest.ini_options]
addopts = "-ra"

[tool.ruff.lint]
select = ["ALL"]

[tool.mypy]
strict = true
""",
    "inline tables": """\
[project]
name = "x"
version = "0"
license = { text = "MIT" }
optional-dependencies = { train = ["tensorflow", "wandb"] }
dependencies = ["attrs"]
""",
    "multi-line texts": '''\
[project]
name = "x"
version = "0"
description = """A text
[tool.uv]
that looks like a table"""
dependencies = ["attrs"]

[tool.black]
exclude = \'\'\'
/(
    \\.git
)/
\'\'\'
''',
    "PDM with overrides": PLAIN
    + """
[tool.pdm]
distribution = false

[tool.pdm.resolution]
respect-source-order = true

[tool.pdm.resolution.overrides]
# pinned by hand
certifi = "2026.10.18"
""",
    "PDM with sources": PLAIN
    + """
[[tool.pdm.source]]
name = "pypi"
url = "https://example.org/simple/"
verify_ssl = true

[tool.pdm.scripts]
train = "python train.py"
""",
    "pixi inside": PLAIN
    + """
[tool.pixi.workspace]
channels = ["conda-forge"]
platforms = ["linux-64", "osx-arm64"]

[tool.pixi.feature.test.dependencies]
pytest = "*"

[tool.pixi.environments]
default = { solve-group = "default" }
test = { features = ["test"], solve-group = "default" }

[tool.pixi.tasks]
train = "python train.py"
""",
    "groups and extras": PLAIN
    + """
[project.optional-dependencies]
gpu = ["tensorflow-metal"]

[project.scripts]
demo = "demo:main"

[dependency-groups]
train = ["tensorflow-cpu"]
""",
    "tabs and quotes": """\
[project]
name = 'x'
version = '0'
dependencies = [
\t'attrs',
\t'cattrs'
]
""",
    "nothing at all": "",
}
"""Names with texts."""
