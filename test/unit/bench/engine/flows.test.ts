import { describe, expect, test } from "vitest";
import { judgeAnswer } from "../../../../src/bench/engine/flows/judge-answer.ts";
import { fillStep, prepareFlow } from "../../../../src/bench/engine/flows/prepared-flow.ts";
import { parseScenario } from "../../../../src/bench/scenario/scenario.ts";

const place = { basePath: "", headers: {} };

/** One step of a flow, written as YAML in one line. */
function stepOf(text: string) {
  const scenario = `name: sample
users: 1
duration: 1s
flows:
  - name: one
    steps:
      - { path: /, capture: { word: { json: word } } }
      - ${text}`;
  const [flow] = parseScenario(scenario, "sample.yaml").flows;
  const step = flow === undefined ? undefined : prepareFlow(flow, place).steps[1];
  if (step === undefined) throw new Error("the step was lost");
  return step;
}

describe("a value that goes into a request", () => {
  const evil = 'a/../b?c=d&e "x"\r\nX-Evil: 1';

  test("stays one part of the path", () => {
    const { path } = fillStep(stepOf('{ path: "/items/{{word}}/x" }'), { word: evil });
    expect(path).toBe(`/items/${encodeURIComponent(evil)}/x`);
  });

  test("stays one string of a JSON body, and one line of a header", () => {
    const step = stepOf(
      '{ method: POST, path: /, headers: { x-a: "{{word}}" }, body: { a: ["{{word}}"] } }',
    );
    const { body = "", headers } = fillStep(step, { word: evil });
    expect(JSON.parse(body)).toEqual({ a: [evil] });
    expect(headers["x-a"]).not.toMatch(/[\r\n]/);
  });
});

describe("an answer", () => {
  const answer = {
    status: 200,
    headers: { "content-type": "application/json", "set-cookie": ["a=1", "b=2"] },
    body: '{"items":[{"id":7,"name":"ann"}],"ok":true}',
    took: 20,
  };

  test.each([
    ["{ path: / }", null],
    ["{ path: /, expect: { headers: { Content-Type: json }, latency: 1s } }", null],
    [
      "{ path: /, expect: { body: { contains: ann, matches: 'id.:[0-9]', json: { items.0.id: 7, ok: true } } } }",
      null,
    ],
    ["{ path: /, expect: { status: 201 } }", "status 200"],
    ["{ path: /, expect: { headers: { etag: x } } }", "check: header etag"],
    [
      "{ path: /, expect: { body: { contains: bob } } }",
      "check: body does not contain what it should",
    ],
    ["{ path: /, expect: { body: { matches: '^bob' } } }", "check: body does not match"],
    ["{ path: /, expect: { body: { json: { items.1.id: 7 } } } }", "check: body at items.1.id"],
    ["{ path: /, expect: { latency: 10ms } }", "check: took too long"],
    ["{ path: /, capture: { x: { json: items.0.nothing } } }", "check: nothing to capture as x"],
  ])("to %s is found %s", (text, problem) => {
    expect(judgeAnswer(stepOf(text), answer).problem).toBe(problem);
  });

  test("gives what is captured from its body and headers", () => {
    const text =
      "{ path: /, capture: { id: { json: items.0.id }, who: { regex: 'name\":\"([a-z]+)' }, cookie: { header: Set-Cookie } } }";
    const { captured } = judgeAnswer(stepOf(text), answer);
    expect(captured).toEqual({ id: "7", who: "ann", cookie: "a=1, b=2" });
  });

  test("that is no JSON fails the check, and nothing more", () => {
    const step = stepOf("{ path: /, expect: { body: { json: { a: 1 } } } }");
    expect(judgeAnswer(step, { ...answer, body: "<html>" }).problem).toBe("check: body at a");
  });
});

test("a value that no earlier step captures is refused with its line", () => {
  expect(() => stepOf('{ path: "/{{absent}}" }')).toThrow(/:8: flows\.0\.steps\.1: \{\{absent\}\}/);
});
