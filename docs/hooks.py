"""Pages of the site that do not lie in docs/: READMEs, and the reference made from docstrings."""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).parent))
from keys import write_keys  # noqa: E402 - beside this file, which is no package

from neurobust.config.schema import json_schema  # noqa: E402
from neurobust.config.studies import find_studies  # noqa: E402

log = logging.getLogger("mkdocs.hooks.neurobust")

PACKAGES = {"neurobust": ROOT / "src/neurobust", "studies": ROOT / "studies"}
NOT_REFERENCE = {"tests", "checks", "conftest"}

GUIDES = [
    *("tour.md", "configuration.md", "add-a-network.md", "add-a-recording.md", "add-a-study.md"),
    *("real-data.md", "cluster.md", "container.md", "moving-results.md", "corruptions.md"),
]
KEYS = "reference/keys.md"
MEASURED = ["results.md", "performance.md"]
ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "results/README.md": "folders/results.md",
    "resources/README.md": "folders/resources.md",
    "benchmarks/README.md": "folders/benchmarks.md",
}
"""By the path of a file in the repository its page in the site; see also `_pages_elsewhere`."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the navigation from what there is."""
    sys.path.insert(0, str(ROOT))  # for the studies; what is inserted above holds for imports here
    elsewhere = _pages_elsewhere()
    studies = [page for page in elsewhere.values() if page.startswith("studies/")]
    inside = [page for page in elsewhere.values() if page.startswith("library/")]
    records = sorted(path.name for path in (ROOT / "docs/decisions").glob("0*.md"))
    config.nav = [
        {"neurobust": "index.md"},
        {"Guides": [*GUIDES, "glossary.md"]},
        *([{"Studies": studies}] if studies else []),
        {"Results": [*MEASURED, *(f"folders/{name}.md" for name in _folders())]},
        {"Decisions": ["decisions/README.md", *(f"decisions/{name}" for name in records)]},
        {"Reference": [KEYS, *inside, *(f"reference/{name}.md" for name in _references())]},
        {"Contributing": ["contributing.md", "changelog.md"]},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the READMEs, and a page for each package of the library and for each study."""
    for path, page in _pages_elsewhere().items():
        text = (ROOT / path).read_text()
        files.append(File.generated(config, page, content=text))
    schema = json.loads(json_schema(find_studies(ROOT / "studies")))
    files.append(File.generated(config, KEYS, content=write_keys(schema)))
    for name, modules in _references().items():
        blocks = "\n".join(f"::: {module}\n" for module in modules)
        text = f"# {name}\n\n{blocks}"
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links between files of the repository lead to their pages.

    A link to a file that has no page becomes its text alone; one that leads nowhere is warned of.
    """
    pages = _pages_elsewhere()
    own = {uri: path for path, uri in pages.items()}
    source = own.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def lead(link: re.Match[str]) -> str:
        picture, text, target, anchor = link.groups(default="")
        if not target or ":" in target:
            return link[0]
        path = os.path.normpath(PurePosixPath(source).parent / target)
        if not (ROOT / path).exists():
            log.warning("%s: there is no %s", source, path)
            return link[0]
        if (ROOT / path).is_dir():
            path = f"{path}/README.md"
        uri = pages.get(path, path.removeprefix("docs/") if path.startswith("docs/") else None)
        if uri is None or files.get_file_from_path(uri) is None:
            return text
        start = PurePosixPath(page.file.src_uri).parent
        return f"{picture}[{text}]({os.path.relpath(uri, start)}{anchor})"

    return _LINK.sub(lead, markdown)


def _folders() -> Iterator[str]:
    return (Path(path).parent.name for path in ELSEWHERE if "/" in path)


def _pages_elsewhere() -> dict[str, str]:
    """Return the pages of files outside docs/, those of studies and of the library among them."""
    pages = {path: page for path, page in ELSEWHERE.items() if (ROOT / path).exists()}
    for file in sorted(PACKAGES["studies"].glob("*/README.md")):
        pages[f"studies/{file.parent.name}/README.md"] = f"studies/{file.parent.name}.md"
    for file in sorted(PACKAGES["neurobust"].rglob("README.md")):
        path = file.relative_to(ROOT).as_posix()
        pages[path] = f"library/{file.parent.relative_to(PACKAGES['neurobust']).as_posix()}.md"
    return pages


def _references() -> dict[str, list[str]]:
    """Return the modules of each page of the reference, by the page's name."""
    pages: dict[str, list[str]] = {}
    for package, folder in PACKAGES.items():
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            if NOT_REFERENCE & {*parts}:
                continue
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            module = ".".join([package, *parts])
            top = folder / parts[0] if parts else folder
            page = f"{package}.{parts[0]}" if parts and top.is_dir() else package
            pages.setdefault(page, []).append(module)
    return pages
