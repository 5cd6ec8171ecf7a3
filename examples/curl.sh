#!/bin/sh
# A tour of the service with curl. Start it first: adjudge serve
#   sh examples/curl.sh [URL]
set -eu
url=${1:-http://127.0.0.1:8000}
post() { curl -sS "$url$1" -H 'Content-Type: application/json' -H "X-API-Key: ${ADJUDGE_API_KEY:-}" -d "$2"; echo; }
say() { echo; echo "# $*"; }

say "is it ready?"
curl -sS "$url/ready"; echo

say "one prompt, two completions: maths and form, with GRPO's advantages"
post /reward '{
  "groups": [{
    "prompt": "What is 1/4 + 1/4?",
    "reference": {"answer": "\\frac{1}{2}"},
    "completions": ["<think>Two quarters.</think> <answer>\\boxed{0.5}</answer>", "\\boxed{2/8}"]
  }],
  "rewards": [{"kind": "math"}, {"kind": "format", "params": {"style": "r1_zero"}, "weight": 0.5}],
  "stats": ["advantages", "pass@1"]
}'

say "a program against its tests, in the sandbox"
post /reward '{
  "groups": [{
    "reference": {"tests": {"type": "stdio", "cases": [{"input": "3 4\n", "output": "7\n"}]}},
    "completions": ["```python\nprint(sum(map(int, input().split())))\n```", "```python\nprint(8)\n```"]
  }],
  "rewards": [{"kind": "code"}]
}'

say "a misspelt option is refused, with its path"
post /reward '{
  "groups": [{"completions": ["a"], "reference": {"answer": "a"}}],
  "rewards": [{"kind": "exact", "params": {"ignor_case": true}}]
}'

say "as OpenRLHF asks"
post '/get_reward?rewards=math' '{"query": ["1+1=\\boxed{2}"], "prompts": ["1+1="], "labels": ["2"]}'

say "as slime asks"
post '/slime?rewards=math' '{"prompt": "1+1=", "response": "\\boxed{2}", "label": "2"}'

say "as verl asks its sandbox"
post /run_code '{"code": "print(6*7)", "language": "python"}'
