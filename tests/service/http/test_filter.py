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
