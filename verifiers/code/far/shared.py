"""Tests and candidate in one process: for tests that cannot be split. Weak, and said to be."""

from adjudge.verifiers.code.far import codec, link, remote, serve, tester


def main() -> None:
    """Judge once."""
    here = serve.load()

    def introduce(wanted: set[str]) -> None:
        remote.count[0] = 2
        tester.adopt({name: here[name] for name in tester.names_needed(wanted) if name in here})

    link.send(tester.judge(codec.loads(link.receive()), introduce, alone=True))
