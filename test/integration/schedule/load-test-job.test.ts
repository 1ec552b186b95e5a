import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createProject } from "../../support/studio.ts";

test("a load test is a job like any other: it succeeds, or fails with what the scenario asks for", async () => {
  let status = 200;
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(status).end("{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const line = `bench smoke --duration 1s --threshold errors<1% --url http://127.0.0.1:${port}`;
  const jobs = `{ smoke: { cron: "0 6 * * 6", run: "${line}" } }`;
  const project = await createProject(`name: shop\nschedule: { jobs: ${jobs} }\n`);
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await project.remove();
  });
  const run = () => project.studio(["schedule", "run", "smoke"]);
  const first = await run();
  expect(first, first.stderr).toMatchObject({ exitCode: 0 });
  status = 500;
  expect(await run()).toMatchObject({ exitCode: 4 });
  const { stdout } = await project.studio(["schedule", "history", "smoke", "--json"]);
  const { result } = JSON.parse(stdout) as { result: { standing: string; exitCode: number }[] };
  expect(result.map(({ standing, exitCode }) => [standing, exitCode])).toEqual([
    ["failed", 4],
    ["succeeded", 0],
  ]);
}, 300_000);
