import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { rounds } from "../../support/every.ts";
import { startEchoing } from "./echo-model.ts";
import { answersIn, converse, expectDiscreet, httpRequest } from "./raw-connection.ts";
import { type Running, startRunning } from "./running.ts";

/** Milliseconds in which a request has to arrive: short, so that slow callers are soon cut. */
const timeout = 2000;

let running: Running;

beforeAll(async () => {
  running = await startEchoing();
});

// Whatever was done to it: the daemon answers the next request, and holds on to nothing.
afterEach(async () => {
  expect((await running.send("GET", "/health/live")).status).toBe(200);
  await vi.waitFor(() => {
    expect(running.daemon.state()).toMatchObject({ inFlight: 0, connections: 0 });
  }, 10_000);
  const errors = running.log.filter(({ level }) => (level as number) >= 50);
  expect(errors).toEqual([]);
});

afterAll(async () => {
  await running.close();
});

/** One answer of that status, a problem, on a connection that is closed. */
async function expectRefused(
  parts: readonly (string | Uint8Array)[],
  statuses: readonly number[],
  options: { half?: boolean; patience?: number } = {},
): Promise<void> {
  const { text, closed } = await converse(running, parts, options);
  const name = JSON.stringify(
    Buffer.from(parts[0] as string)
      .toString("latin1")
      .slice(0, 120),
  );
  const [answer, ...more] = answersIn(text);
  expect(more, name).toEqual([]);
  expect(statuses, `${name}: ${answer?.status}`).toContain(answer?.status);
  expect(closed, name).toBe(true);
  expect(answer?.headers["content-type"], name).toContain("application/problem+json");
  expect(JSON.parse(answer?.body ?? ""), name).toMatchObject({
    status: answer?.status,
    code: expect.stringMatching(/^[a-z_.]+$/) as string,
    requestId: answer?.headers["x-request-id"],
  });
  expectDiscreet(text);
}

const inferPath = "/v2/models/echo/infer";
const textPath = "/api/v1/text/process";
const good = JSON.stringify({
  inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }],
});

describe("a body that is no JSON, or too much of it", () => {
  it("is refused on every route", async () => {
    const deep = `${"[".repeat(45_000)}${"]".repeat(45_000)}`;
    const bodies = [
      "{",
      "}",
      "nul",
      '{"a":1,}',
      '{"task":"language","text":"\\ud800',
      "\xff\xfe\x00",
      deep,
      `{"inputs":${deep}}`,
      `{"task":"language","text":${deep}}`,
      '"text"',
      "5",
      "null",
    ];
    const index = "/v2/repository/index";
    for (const path of [inferPath, textPath, "/api/v1/vector/search", index]) {
      // Members that the index does not know are passed over, as the protocol has it.
      const refused = bodies.filter((body) => path !== index || !body.endsWith(`${deep}}`));
      for (const body of refused) await expectRefused([httpRequest("POST", path, body)], [400]);
    }
  });

  it("cannot change what objects are made of", async () => {
    const names = ["__proto__", "constructor", "prototype"];
    for (const name of names) {
      const member = `"${name}":{"polluted":true,"prototype":{"polluted":true}}`;
      for (const body of [
        `{${member},"task":"language","text":"x","more":1}`,
        `{${member},"inputs":[{${member},"name":"${name}","datatype":"${name}","shape":[1],"data":[1]}]}`,
        `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2],"parameters":{${member},"binary_data_size":"${name}"}}]}`,
      ]) {
        const path = body.includes("inputs") ? inferPath : textPath;
        await expectRefused([httpRequest("POST", path, body)], [400]);
      }
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("is refused by its size before it is read, and when its size was not told", async () => {
    const claim = [`Content-Length: ${2 ** 32}`, "Content-Type: application/json"];
    for (const path of [inferPath, textPath]) {
      await expectRefused([httpRequest("POST", path, "", claim)], [413], { half: false });
      const chunked = ["Transfer-Encoding: chunked", "Content-Type: application/json"];
      const chunk = `7fff\r\n${" ".repeat(0x7f_ff)}\r\n`;
      const parts = [httpRequest("POST", path, "", chunked), ...Array<string>(8).fill(chunk)];
      await expectRefused(parts, [413], { half: false });
    }
    await expectRefused(
      [httpRequest("POST", inferPath, "", ["Content-Length: 99999999999999999999"])],
      [400, 413],
    );
  });

  it("of another kind than is taken is refused", async () => {
    const kinds = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"];
    for (const kind of kinds) {
      const head = (path: string) =>
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${kind}\r\nContent-Length: 2\r\n\r\n{}`;
      for (const path of [inferPath, textPath]) await expectRefused([head(path)], [415]);
    }
    const packed = ["Content-Encoding: gzip"];
    await expectRefused([httpRequest("POST", inferPath, "{}", packed)], [415]);
  });
});

describe("binary tensors", () => {
  const document = JSON.stringify({
    inputs: [{ name: "x", datatype: "FP32", shape: [2, 2], parameters: { binary_data_size: 16 } }],
  });
  const send = (length: string, body: Buffer): (string | Uint8Array)[] => [
    `POST ${inferPath} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/octet-stream\r\n` +
      `Inference-Header-Content-Length: ${length}\r\nContent-Length: ${body.length}\r\n\r\n`,
    body,
  ];
  const whole = Buffer.concat([Buffer.from(document), Buffer.alloc(16)]);

  it("that are cut anywhere are refused", async () => {
    const step = rounds(7, 1);
    for (let length = 0; length < whole.length; length += step) {
      const said = String(document.length);
      await expectRefused(send(said, whole.subarray(0, length)), [400]);
    }
    const { text } = await converse(running, send(String(document.length), whole), { half: false });
    expect(answersIn(text)[0]?.status).toBe(200);
  });

  it("whose header is said to end elsewhere are refused", async () => {
    const lengths = ["0", "1", String(document.length - 1), String(document.length + 1)];
    const others = [String(whole.length), "99999", "-1", "1e3", "0x10", "4294967296", "NaN", ""];
    for (const length of [...lengths, ...others]) {
      await expectRefused(send(length, whole), [400]);
    }
  });

  it("that claim gigabytes, or shapes beyond all measure, are refused", async () => {
    const claims: object[] = [
      { shape: [2, 2], parameters: { binary_data_size: 2 ** 32 } },
      { shape: [2 ** 31, 2], parameters: { binary_data_size: 2 ** 34 } },
      { shape: [2 ** 31, 2], parameters: { binary_data_size: 16 } },
      { shape: [-2, -2], parameters: { binary_data_size: 16 } },
      { shape: [2 ** 63, 2], parameters: { binary_data_size: 16 } },
      { shape: [1e308, 1e308], parameters: { binary_data_size: 16 } },
      { shape: [null, 2], parameters: { binary_data_size: 16 } },
      { shape: [2, 2], parameters: { binary_data_size: -16 } },
      { shape: [0, 2], parameters: { binary_data_size: 16 } },
    ];
    for (const claim of claims) {
      const json = Buffer.from(
        JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", ...claim }] }),
      );
      const body = Buffer.concat([json, Buffer.alloc(16)]);
      await expectRefused(send(String(json.length), body), [400]);
    }
  });
});

describe("what is no request", () => {
  it("is refused with a problem, and its connection closed", async () => {
    const cases: [string, number[]][] = [
      ["\r\n\r\n\x00\x01\x02\r\n\r\n", [400]],
      ["GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", [400]],
      ["GET /\r\n\r\n", [400]],
      ["GET / HTTP/1.1\r\n\r\n", [400]],
      ["GET / HTTP/1.1\r\nHost: localhost\r\nHost: b\r\nConnection: close\r\n\r\n", [400]],
      ["GET / HTTP/1.1\r\nHost a\r\n\r\n", [400]],
      ["GET / HTTP/1.1\r\nHost: localhost\r\nX: \x01\r\n\r\n", [400]],
      ["FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]],
      ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]],
      ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400]],
      [httpRequest("POST", textPath, "", ["Content-Length: -1"]), [400]],
      [httpRequest("POST", textPath, "", ["Content-Length: 1", "Content-Length: 2"]), [400]],
      [
        httpRequest("POST", textPath, "", ["Content-Length: 5", "Transfer-Encoding: chunked"]),
        [400],
      ],
      [httpRequest("POST", textPath, "", ["Transfer-Encoding: gzip, x"]), [400]],
      [`GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, [431]],
    ];
    for (const [text, statuses] of cases) {
      await expectRefused([text], statuses, { half: false });
    }
  });

  it("is refused when it drowns in headers", async () => {
    const long = httpRequest("GET", "/", "", [`X-Long: ${"a".repeat(20_000)}`]);
    const many = Array.from({ length: 1000 }, (_, index) => `A${index}: b`);
    await expectRefused([long], [431], { half: false });
    await expectRefused([httpRequest("GET", "/", "", many)], [431], { half: false });
    const endless = Array.from({ length: 200 }, () =>
      "A: bbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n".repeat(20),
    );
    await expectRefused(["GET / HTTP/1.1\r\nHost: localhost\r\n", ...endless], [431], {
      half: false,
    });
  });

  it("is refused when it ends in the middle", async () => {
    const request = httpRequest("POST", textPath, '{"task":"language","text":"x"}');
    const step = rounds(17, 1);
    for (let length = 1; length < request.length; length += step) {
      await expectRefused([request.slice(0, length)], [400]);
    }
  });

  it("is refused when its chunks lie", async () => {
    const head = httpRequest("POST", textPath, "", [
      "Transfer-Encoding: chunked",
      "Content-Type: application/json",
    ]);
    const lies = [
      "5\r\n{}\r\n0\r\n\r\n",
      "zz\r\n{}\r\n",
      "-2\r\n{}\r\n",
      "2\r\n{}0\r\n\r\n",
      "2\r\n{}",
    ];
    const more = ["ffffffffffffffffff\r\n{}\r\n", `2;${"x".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`];
    for (const lie of [...lies, ...more]) {
      for (const path of [textPath, inferPath]) {
        await expectRefused([head.replace(textPath, path), lie], [400, 413]);
      }
    }
  });

  it("is not let onto the file system, nor to the private routes", async () => {
    const paths = [
      "/../../etc/passwd",
      "/docs/../../package.json",
      "/docs/%2e%2e/%2e%2e/package.json",
      "/v2/models/../../secret",
      "/v2/models/%2e%2e%2f%2e%2e/infer",
      "//control/state",
      "/control/state",
      "/control/../control/state",
      "http://localhost/control/state",
      "/%00",
      "*",
    ];
    for (const path of paths) {
      const { text } = await converse(running, [
        httpRequest("GET", path, "", ["Connection: close"]),
      ]);
      const [answer] = answersIn(text);
      expect([400, 404, 405], path).toContain(answer?.status);
      expectDiscreet(text.replaceAll(path, ""));
    }
  });
});

describe("what a caller expects of the connection", () => {
  it("changes nothing: upgrades, expectations and tunnels are not given", async () => {
    const upgrade = ["Connection: upgrade, close", "Upgrade: websocket"];
    const cases: [string, string[], number[]][] = [
      ["GET", upgrade, [200]],
      ["GET", ["Expect: the-impossible", "Connection: close"], [200]],
      ["CONNECT", [], []],
    ];
    for (const [method, more, statuses] of cases) {
      const target = method === "CONNECT" ? "example.org:80" : "/health/live";
      const request = httpRequest(method, target, "", more);
      const { text, closed } = await converse(running, [request], { half: false });
      expect(closed, method).toBe(true);
      expect(answersIn(text).map(({ status }) => status)).toEqual(statuses);
    }
  });
});

describe("several requests on one connection", () => {
  it("are answered in order, however they arrive", async () => {
    const count = 25;
    const requests = Array.from({ length: count }, (_, index) =>
      index % 3 === 0
        ? httpRequest("POST", inferPath, good, [`X-Request-Id: n-${index}`])
        : httpRequest("GET", "/health/live", "", [`X-Request-Id: n-${index}`]),
    );
    const last = httpRequest("GET", "/", "", ["Connection: close", `X-Request-Id: n-${count}`]);
    const { text } = await converse(running, [requests.join(""), last], { half: false });
    const answers = answersIn(text);
    expect(answers.map(({ status }) => status)).toEqual(Array(count + 1).fill(200));
    expect(answers.map(({ headers }) => headers["x-request-id"])).toEqual(
      Array.from({ length: count + 1 }, (_, index) => `n-${index}`),
    );
  });

  it("are answered up to the one that is none", async () => {
    const { text, closed } = await converse(
      running,
      [`${httpRequest("POST", inferPath, good)}nonsense\r\n\r\n`],
      { half: false },
    );
    expect(answersIn(text).map(({ status }) => status)).toEqual([200, 400]);
    expect(closed).toBe(true);
  });
});

describe("a caller that takes its time", () => {
  let slow: Running;

  beforeAll(async () => {
    const { spec } = running;
    slow = await startRunning({ serve: { ...spec.serve, timeout } });
  });

  afterAll(async () => {
    await slow.close();
  });

  it("is cut off when a request does not arrive in time, head or body", async () => {
    const request = httpRequest("POST", textPath, "x".repeat(1000));
    const beginnings = [
      "",
      "G",
      "GET / HTTP/1.1\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
      request.slice(0, -900),
    ];
    const trickle = request.slice(0, 60).match(/[^]/g) ?? [];
    const calls = await Promise.all([
      ...beginnings.map((text) => converse(slow, [text], { half: false, patience: 15_000 })),
      converse(slow, trickle, { half: false, patience: 15_000, pause: 100 }),
    ]);
    for (const { text, closed, milliseconds } of calls) {
      expect(closed).toBe(true);
      expect(milliseconds).toBeLessThan(14_000);
      if (text !== "") expect(answersIn(text)[0]?.status).toBe(408);
    }
    expect((await slow.send("GET", "/health/live")).status).toBe(200);
    await vi.waitFor(() => {
      expect(slow.daemon.state()).toMatchObject({ inFlight: 0, connections: 0 });
    }, 10_000);
  }, 40_000);
});
