"""A secret stands in a profile by reference only; one that stands there in the open is refused and never repeated."""

import logging
import traceback

import pytest
from profile_support import SIM, refused, written

from mxplans.errors import InvalidProfile
from mxplans.profile import load_profile

SECRET = "hunter2!"
TARGET = "lims:\n  targets:\n    ispyb:\n      type: ispyb\n      settings: "


def with_settings(settings):
    return SIM.read_text().split("\nlims:")[0] + "\n" + TARGET + settings + "\n"


@pytest.mark.parametrize(
    ("settings", "at"),
    [
        (f"{{password: {SECRET}}}", "lims.targets.ispyb.settings.password"),
        (f"{{passcode: {SECRET}}}", "lims.targets.ispyb.settings.passcode"),
        (f"{{db_password: '{SECRET}'}}", "lims.targets.ispyb.settings.db_password"),
        (f"{{a: [{{b: {{Api-Key: {SECRET}}}}}]}}", "lims.targets.ispyb.settings.a.0.b.Api-Key"),
        (f"{{credentials: [mx, {SECRET}]}}", "lims.targets.ispyb.settings.credentials.1"),
        (f"{{token: {{value: {SECRET}}}}}", "lims.targets.ispyb.settings.token.value"),
        (f"{{token: {{file: /a, env: {SECRET}}}}}", "lims.targets.ispyb.settings.token.env"),
        (f"{{url: 'mysql://mx:{SECRET}@db/ispyb'}}", "lims.targets.ispyb.settings.url"),
        (f"{{url: 'https://icat.example.org/?token={SECRET}'}}", "lims.targets.ispyb.settings.url"),
        (f"{{options: [--password={SECRET}]}}", "lims.targets.ispyb.settings.options.0"),
        (f"{{options: [--api-key, {SECRET}]}}", "lims.targets.ispyb.settings.options.1"),
        (f"{{headers: [Bearer {SECRET}]}}", "lims.targets.ispyb.settings.headers.0"),
        (f"{{Authorization: Basic {SECRET}}}", "lims.targets.ispyb.settings.Authorization"),
        (f"{{tokens: [{SECRET}]}}", "lims.targets.ispyb.settings.tokens.0"),
        (f"{{secretKey: {SECRET}}}", "lims.targets.ispyb.settings.secretKey"),
        (f"{{pwd: {SECRET}}}", "lims.targets.ispyb.settings.pwd"),
        (f"{{password: {{{SECRET}}}}}", "lims.targets.ispyb.settings.password"),
        ("{secret: 8765432101}", "lims.targets.ispyb.settings.secret"),
    ],
)
def test_a_secret_in_the_open_is_refused_with_its_place(tmp_path, caplog, settings, at):
    path = written(tmp_path, top=with_settings(settings))
    with caplog.at_level(logging.DEBUG), pytest.raises(InvalidProfile) as caught:
        load_profile(path)
    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert SECRET not in said
    assert "8765432101" not in said
    assert f"{at}: " in said
    assert "write {file: PATH} or {env: NAME}" in said
    line = path.read_text().splitlines().index(f"      settings: {settings}") + 1
    assert f"top.yaml:{line}:" in said


@pytest.mark.parametrize(
    "settings",
    [
        "{password: {file: /etc/mxplans/password}}",
        "{token: {env: ICAT_TOKEN}}",
        "{api_key_file: /etc/mxplans/key}",
        "{password: null}",
        "{token: '{virtual_beamline.token}'}",
        "{url: 'mysql+pymysql://mx@db:3306/ispyb', other: 'http://localhost:8080/a@b'}",
    ],
)
def test_references_are_no_secrets(tmp_path, settings):
    load_profile(written(tmp_path, top=with_settings(settings)))


@pytest.mark.parametrize(
    ("given", "environ"),
    [
        ((f"lims.targets.nxmx.settings.password={SECRET}",), {}),
        ((), {"MXPLANS__lims__targets__nxmx__settings__token": SECRET}),
        ((f"lims.targets.nxmx.settings.token=[{SECRET}",), {}),
        ((f"archive.url=ftp://mx:{SECRET}@tiled",), {}),
        ((f"limits.password={SECRET}",), {}),
        ((f"schema=password={SECRET}",), {}),
        ((SECRET,), {}),
    ],
)
def test_nor_is_one_repeated_from_elsewhere(tmp_path, given, environ):
    found = refused(written(tmp_path, top="+"), *given, environ=environ)
    assert found
    assert SECRET not in "".join(found)


@pytest.mark.parametrize("where", ["xray", "devices.beam", "services.virtual_beamline", "limits.apertures.Small"])
def test_an_unknown_key_of_a_section_is_no_place_for_one_either(tmp_path, where):
    found = refused(written(tmp_path, top="+"), f"{where}.password={SECRET}")
    assert any("holds a secret in plain text" in each for each in found)
    assert SECRET not in "".join(found)


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("2020-13-45", "a date that there is not"),
        ("!hunter2 ", "tag after ! is not known"),
        ("*hunter2", "not defined before"),
        (f'"{SECRET}\\q"', "unknown escape character"),
    ],
)
def test_a_secret_that_breaks_the_file_is_not_repeated(tmp_path, secret, told):
    found = refused(written(tmp_path, top=with_settings(f"{{password: {secret}}}")))
    assert secret.strip('"!* ') not in "".join(found)
    assert told in found[0]


def test_nor_is_one_within_the_name_of_a_file_that_is_included(tmp_path):
    found = refused(written(tmp_path, top=f"+include: ['http://mx:{SECRET}@site/a.yaml']\n"))
    assert "cannot be read" in found[0]
    assert SECRET not in "".join(found)
