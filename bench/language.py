"""Language consistency: error of the share, false alarms and speed, beside what others would use.

    python bench/language.py                     # the shipped cases
    python bench/language.py --data FOLDER       # *.jsonl: {"text", "target", "proportion", "kind"}
    python bench/language.py --rows 200          # a sample

Peers, each on the same text without formulas and code, each clause given to one language and
weighed like ours: fastText's lid.176.ftz, py3langid (`pip install py3langid`), CLD2's
spans (`pip install pycld2`), lingua in low accuracy mode (`pip install lingua-language-detector`).
What is not installed is left out with a word. A false alarm is a share below 0.9 for a text wholly
in the target language (kinds that begin with "pure", without "pure_terms", which hold English).
"""

import argparse
import importlib
import json
import re
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from adjudge.verifiers.language.codes import canonical
from adjudge.verifiers.language.estimate import measure
from adjudge.verifiers.language.lexicon import identify
from adjudge.verifiers.language.regions import hidden_regions
from adjudge.verifiers.language.scripts import SCRIPT_OF
from adjudge.verifiers.language.words import read

CASES = Path(__file__).parents[1] / "tests" / "cases" / "language"
CLAUSE = re.compile(r"[^.!?。！？।؟;；:：\n,，、،]+")
ALARM = 0.9
TOKENS = 4_000
"""Characters of about 1,000 tokens of English."""

Row = dict[str, Any]
Estimator = Callable[[str, str], float]
"""Text and target to the share of its words."""


def ours(text: str, target: str) -> float:
    return measure(text, target).share


def visible(text: str) -> str:
    """Formulas and code blanked out, offsets kept."""
    for start, end in hidden_regions(text):
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def by_clause(classify: Callable[[str], str | None]) -> Estimator:
    def estimate(text: str, target: str) -> float:
        shown, kept, total = visible(text), 0.0, 0.0
        for match in CLAUSE.finditer(shown):
            weight = sum(read(match.group(), []).weights)
            total += weight
            if weight and canonical(classify(match.group()) or "") == target:
                kept += weight
        return kept / total if total else 0.0

    return estimate


def fasttext() -> Estimator:
    def classify(clause: str) -> str | None:
        found = identify(clause, 1)
        return max(found, key=lambda language: found[language], default=None)

    return by_clause(classify)


def py3langid() -> Estimator:
    module = importlib.import_module("py3langid")
    return by_clause(lambda clause: str(module.classify(clause)[0]))


def cld2() -> Estimator:
    module = importlib.import_module("pycld2")

    def estimate(text: str, target: str) -> float:
        data = visible(text).encode(errors="ignore")
        try:
            spans = module.detect(data, returnVectors=True, bestEffort=True)[3]
        except module.error:
            return 0.0
        kept = total = 0.0
        for start, length, _, code in spans:
            part = data[start : start + length].decode(errors="ignore")
            weight = sum(read(part, []).weights)
            total += weight
            kept += weight * (canonical(code) == target)
        return kept / total if total else 0.0

    return estimate


def lingua() -> Estimator:
    module = importlib.import_module("lingua")
    codes = [getattr(module.IsoCode639_1, code.upper(), None) for code in SCRIPT_OF]
    languages = [module.Language.from_iso_code_639_1(code) for code in codes if code]
    builder = module.LanguageDetectorBuilder.from_languages(*languages)
    detector = builder.with_low_accuracy_mode().build()

    def classify(clause: str) -> str | None:
        found = detector.detect_language_of(clause)
        return found.iso_code_639_1.name.lower() if found else None

    return by_clause(classify)


def whole_text() -> Estimator:
    def estimate(text: str, target: str) -> float:
        found = identify(" ".join(visible(text).split()), 1)
        return float(target in found)

    return estimate


TOOLS: dict[str, Callable[[], Estimator]] = {
    "adjudge": lambda: ours,
    "fastText, whole text": whole_text,
    "fastText, clauses": fasttext,
    "py3langid, clauses": py3langid,
    "CLD2, spans": cld2,
    "lingua low, clauses": lingua,
}


def report(name: str, estimate: Estimator, rows: list[Row]) -> None:
    estimate(rows[0]["text"], rows[0]["target"])  # loading is not speed
    began = time.process_time()
    shares = [estimate(row["text"], row["target"]) for row in rows]
    seconds = time.process_time() - began
    errors: dict[bool, list[float]] = {True: [], False: []}
    alarms = pure = 0
    for row, share in zip(rows, shares, strict=True):
        whole = row["kind"].startswith("pure") and row["kind"] != "pure_terms"
        errors[whole].append(abs(share - row["proportion"]))
        pure += whole
        alarms += whole and share < ALARM
    mixed, same = (sum(errors[x]) / max(1, len(errors[x])) for x in (False, True))
    rate = seconds / sum(len(row["text"]) for row in rows) * 1e9
    print(f"{name:22} {mixed:10.4f} {same:9.4f} {alarms:6d}/{pure:<5d} {rate:9.0f}")


def english(rows: list[Row]) -> None:
    """CPU time for 1,000 tokens of English, about 4,000 characters, of texts not met before."""
    joined = "\n\n".join(dict.fromkeys(row["text"] for row in rows))
    texts = [joined[at : at + TOKENS] for at in range(0, len(joined) - TOKENS + 1, TOKENS)]
    print(f"1,000 tokens of English ({TOKENS:,} characters), {len(texts) - 1} texts: CPU time, ms")
    print(f"{'':22} {'median':>10} {'worst':>9}")
    for tool, estimate in tools():
        estimate(texts[0], "en")
        times = sorted(timed(estimate, text) for text in texts[1:])
        print(f"{tool:22} {statistics.median(times):10.2f} {times[-1]:9.2f}")
    long = joined * (1_000_000 // len(joined) + 1)
    print(f"1,000,000 characters of English, read in slices: {timed(ours, long[:1_000_000]):.0f}\n")


def timed(estimate: Estimator, text: str) -> float:
    began = time.process_time()
    estimate(text, "en")
    return (time.process_time() - began) * 1e3


def tools() -> Iterator[tuple[str, Estimator]]:
    """All that are installed."""
    for name, make in TOOLS.items():
        try:
            yield name, make()
        except ImportError as error:
            print(f"{name:22} left out: {error}")


def memory(rows: list[Row]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for row in rows:
        ours(row["text"], row["target"])
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"memory that all languages of the cases took: {(after - before) / 1024:.0f} MB\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=CASES)
    parser.add_argument("--rows", type=int, default=0, help="a sample of each file")
    arguments = parser.parse_args()
    files = {p.stem: p.read_text("utf-8").splitlines() for p in arguments.data.glob("*.jsonl")}
    rows = {name: [json.loads(line) for line in lines] for name, lines in sorted(files.items())}
    every = [row for part in rows.values() for row in part]
    plain = [row for row in every if row["target"] == "en" and row["proportion"] == 1.0]
    memory([row for row in every if row not in plain])
    english(plain)
    for name, part in rows.items():
        step = max(1, len(part) // arguments.rows) if arguments.rows else 1
        print(f"{name}: {len(part[::step])} rows")
        print(f"{'':22} {'MAE mixed':>10} {'MAE pure':>9} {'alarms':>12} {'µs/1000c':>9}")
        for tool, estimate in tools():
            report(tool, estimate, part[::step])


if __name__ == "__main__":
    main()
