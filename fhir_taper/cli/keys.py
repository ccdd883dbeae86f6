"""The commands on keys: which there are, new ones, and sealing everything again with the current one."""

from pathlib import Path
from typing import Annotated

import typer

from fhir_taper.cli.options import AsJson
from fhir_taper.cli.output import write
from fhir_taper.cli.server import Config
from fhir_taper.errors import WrongUsage
from fhir_taper.workflow.typed import KeyKind

app = typer.Typer(
    help="The keys of an installation: those that seal its database, and those that sign for it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def listed(*, config: Config = None, json: AsJson = False) -> None:
    """Every key by its id: how many rows it seals, which one is current, which one signs. No key itself is shown."""
    from fhir_taper.settings import load_settings
    from fhir_taper.workflow.rotate_keys import data_keys, keys_output, published

    settings = load_settings(config)
    write(keys_output(data_keys(settings), published(settings), json=json))


@app.command("rotate")
def rotate(*, config: Config = None) -> None:
    """Seal everything again with the first of encryption_keys, while the program serves. Stopped, it goes on where it was."""
    from fhir_taper.render.progress import rows_progress
    from fhir_taper.settings import load_settings
    from fhir_taper.workflow.rotate_keys import data_keys, keys_output, published, rotate_data

    settings = load_settings(config)
    with rows_progress("sealing again") as on_progress:
        rows = rotate_data(settings, on_progress)
    write(f"{rows} rows sealed again\n".encode() + keys_output(data_keys(settings), published(settings), json=False))


@app.command("new")
def new(
    kind: Annotated[KeyKind, typer.Argument(help="What it is for; es384 and rs384 sign for this app at an EHR's token endpoint.")],
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet; its owner alone will be able to read it.")],
    *,
    key_id: Annotated[str, typer.Option("--id", metavar="ID", help="The id of an encryption key: another one than those before.")] = "",
) -> None:
    """Make a key in a new file, and say where it belongs in the configuration."""
    if (kind is KeyKind.ENCRYPTION) is not bool(key_id):
        raise WrongUsage("--id belongs to an encryption key, and an encryption key needs one")
    if ":" in key_id or not key_id.isprintable():
        raise WrongUsage("--id is a word without a colon")
    from fhir_taper.workflow.rotate_keys import write_new_key

    write(f"{path} holds the new key. Then: {write_new_key(kind, path, key_id)}\n".encode())
