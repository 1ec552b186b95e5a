import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nginx, stackFrontend } from "../../support/nginx.ts";
import { until } from "../../support/processes.ts";
import { renderStack } from "../../support/stack.ts";
import { freePort } from "../../support/studio.ts";

describe.skipIf(nginx === null)("the stack's server of pages", async () => {
  const { folder, remove } = renderStack();
  const port = await freePort();
  const frontend = stackFrontend(nginx ?? "", folder, port);
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);

  beforeAll(() => frontend.start());
  afterAll(async () => {
    await frontend.stop();
    remove();
  });

  test("takes its configuration, and has nothing to say about it", () => {
    const { exitCode, output } = frontend.check();
    expect(output).toContain("syntax is ok");
    expect(output).not.toMatch(/\[(warn|error|emerg)\]/);
    expect(exitCode).toBe(0);
  });

  test("serves its page under every path, with the headers that browsers go by", async () => {
    await until("it answers", async () => (await ask("/").catch(() => null)) !== null);
    const page = await (await ask("/")).text();
    expect(page).toMatch(/<!doctype html>/i);
    const answer = await ask("/some/view");
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(page);
    expect(answer.headers.get("content-type")).toBe("text/html");
    expect(answer.headers.get("server")).toBe("nginx");
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "content-security-policy": "default-src 'self'",
      "referrer-policy": "no-referrer",
    });
  });
});
