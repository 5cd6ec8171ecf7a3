import httpx

GROUP = {
    "id": "q1",
    "completions": ["<think>a</think><answer>4</answer>", {"id": "b", "text": "5"}],
    "reference": {"answer": "4"},
}
BODY = {"groups": [GROUP], "rewards": [{"kind": "number"}]}


def test_filter(client: httpx.Client) -> None:
    answer = client.post("/filter", json={**BODY, "rules": {"correct": True, "format": True}})
    assert answer.status_code == 200
    body = answer.json()
    kept = [(c["id"], c["kept"], c["rule"]) for c in body["groups"][0]["completions"]]
    assert kept == [(None, True, None), ("b", False, "correct")]
    assert body["counts"] == {"kept": 1, "correct": 1}


def test_a_misspelt_rule_is_named(client: httpx.Client) -> None:
    answer = client.post("/filter", json={**BODY, "rules": {"corect": True}})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["path"] == "rules.corect"


THOUGHT = "We add the two numbers that the question gives us and write the sum down below."
OTHER = "Wir addieren die beiden Zahlen aus der Aufgabe und schreiben die Summe unten auf."
DROPPED = {
    "correct": f"<think>{THOUGHT}</think><answer>5</answer>",
    "format": f"<think>{THOUGHT}</think> so <answer>4</answer>",
    "language_min": f"<think>{OTHER}</think><answer>4</answer>",
    "repetition": f"<think>{'Wait, let me check again. ' * 60}</think><answer>4</answer>",
    "max_paragraph_chars": f"<think>{THOUGHT} {'Then we look at it once more, to be sure of it.'} "
    f"And nothing else is asked for here, so that is what remains.</think><answer>4</answer>",
    "no_code_in_cot": f"<think>{THOUGHT}\n```\n2 + 2\n```\n</think><answer>4</answer>",
    "per_group": f"<think>{THOUGHT}</think>\n<answer>4</answer>\n",
    "kept": f"<think>{THOUGHT}</think><answer>4</answer>",
}
RULES = {
    **{"correct": True, "format": True, "language_min": 0.9, "repetition": True},
    **{"max_paragraph_chars": 160, "no_code_in_cot": True, "per_group": 1, "prefer": "shortest"},
}


def test_every_rule_drops_its_own(client: httpx.Client) -> None:
    reference = {"answer": "4", "language": "en"}
    group = {"completions": list(DROPPED.values()), "reference": reference}
    body = {"groups": [group], "rewards": [{"kind": "number"}], "rules": RULES}
    answer = client.post("/filter", json=body)
    assert answer.status_code == 200, answer.text
    found = [c["rule"] or "kept" for c in answer.json()["groups"][0]["completions"]]
    assert found == list(DROPPED)
    assert answer.json()["counts"] == dict.fromkeys(DROPPED, 1)
