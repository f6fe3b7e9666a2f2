"""Invented documents of terms, and an archive's repository made of them. No platform ever published these."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

INTRO = (
    "These terms are a contract between you and Acme. They say what you may expect of us. "
    "They also say what we expect of you when you use the services that Acme offers."
)
LICENCE = "You grant Acme a worldwide licence to host and show the songs that you upload, as long as they are online."
LAW = "The law of Utopia governs this agreement, and the courts of its capital decide."
LEAVING = "You may close your account at any time; we may suspend it if you break these rules of the house."
TRAINING = "Acme may use your songs to train artificial intelligence models without asking you again."


def document(*clauses: str, amended: str = "May 21, 2025", copies: int = 3) -> str:
    """A Markdown text of terms: numbered clauses, an amendment date, and enough words to be a document."""
    chosen = clauses or (LICENCE, LAW, LEAVING)
    numbered = "\n\n".join(f"{number}. {text}" for number, text in enumerate(chosen, 1))
    filler = "\n\n".join(
        f"Part {n} explains duty number {word} of every member, and how the {word} office answers letters about it."
        for n, word in enumerate(("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth") * copies)
    )
    return (
        f"# Acme Terms\n\n**Last Amended:** {amended}\n\n{INTRO}\n\n## Rules\n\n{numbered}\n\n## Duties\n\n{filler}\n"
    )


def commit(repository: Path, files: dict[str, str | bytes], at: datetime, subject: str = "Record new changes") -> None:
    """One commit with these files, of this author date."""
    if not (repository / ".git").exists():
        repository.mkdir(parents=True, exist_ok=True)
        git(repository, "init", "-q", "-b", "main")
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    git(repository, "add", "-A")
    stamp = at.isoformat()
    git(repository, "-c", "user.name=Archive", "-c", "user.email=archive@example.org", "commit", "-q", "--allow-empty",
        "-m", subject, f"--date={stamp}", stamp=stamp)  # fmt: skip


def git(repository: Path, *arguments: str, stamp: str = "") -> None:
    """Run git in `repository`, without the machine's own set-up."""
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(repository)}
    if stamp:
        environment["GIT_COMMITTER_DATE"] = stamp
    command: Sequence[str] = ("git", "-C", str(repository), *arguments)
    subprocess.run(command, check=True, env=environment, capture_output=True)
