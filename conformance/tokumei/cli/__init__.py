"""The command line, one module a group of commands.

Everything heavy is imported inside the commands: ``--help`` is at once.
"""

from __future__ import annotations

import sys

import click

from tokumei import __version__
from tokumei.cli import audit, doctor, explain, generate, init, run, scan, selftest, site, spec, validate
from tokumei.model import Lang, TokumeiError


class _Main(click.Group):
    """Turns problems into sentences and exit codes at the edge."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except TokumeiError as error:
            from tokumei.wording import render

            lang: Lang = "en" if "en" in sys.argv else "ja"
            for problem in error.problems:
                click.echo(render(problem, lang), err=True)
            context.exit(error.exit_code)


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tokumei")
def main() -> None:
    """匿名加工の実行可能な技術規格の試験系。

    Check any vendor's anonymizer of Japanese medical data, clause by clause. A passed test is evidence
    against listed defects; it says nothing about lawfulness.
    """


for command in (
    run.demo,
    run.run,
    run.replay,
    audit.audit,
    scan.scan,
    generate.generate,
    init.init,
    validate.validate,
    explain.explain,
    explain.list_,
    doctor.doctor,
    selftest.selftest,
    spec.spec,
    site.site,
):
    main.add_command(command)
