"""Validates the files of `advkit check` in a folder; see validate-check.sh."""
import json
import os
import pathlib
import sys
import xml.etree.ElementTree as tree

import jsonschema


def main(report_schema: str, folder: str) -> None:
    work = pathlib.Path(folder)
    schema = json.loads(pathlib.Path(report_schema).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for name in ["run", "strict"]:
        jsonschema.validate(json.loads((work / name / "report.json").read_text()), schema)
        print(f"{name}/report.json fits docs/report.schema.json")
    for name in ["advkit.sarif", "missed.sarif"]:
        check_sarif(work / name)
    for name in ["junit.xml", "missed.xml"]:
        check_junit(work / name)


def check_sarif(path: pathlib.Path) -> None:
    """Against the models that the package pydantic-sarif generates from the schema of SARIF 2.1.0."""
    try:
        from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Log
    except ImportError:
        print(f"{path.name}: no pydantic-sarif, not validated")
        return
    log = Log.model_validate_json(path.read_text())
    print(f"{path.name} fits SARIF 2.1.0, {len(log.runs[0].results)} results")


def check_junit(path: pathlib.Path) -> None:
    """Counts, and the schema of Jenkins' xUnit plug-in (JUNIT_XSD; the sources of pytest hold it)."""
    suite = tree.parse(path).getroot().find("testsuite")
    cases = suite.findall("testcase")
    failures = suite.findall("testcase/failure")
    assert int(suite.get("tests")) == len(cases) and int(suite.get("failures")) == len(failures)
    print(f"{path.name}: {len(cases)} cases, {len(failures)} failures, counts agree")
    if "JUNIT_XSD" not in os.environ:
        print(f"{path.name}: JUNIT_XSD names no schema, not validated")
        return
    from lxml import etree

    etree.XMLSchema(etree.parse(os.environ["JUNIT_XSD"])).assertValid(etree.parse(str(path)))
    print(f"{path.name} fits {pathlib.Path(os.environ['JUNIT_XSD']).name}")


main(*sys.argv[1:])
