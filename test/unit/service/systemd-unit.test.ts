import { expect, test } from "vitest";
import { describeService } from "../../../src/service/service.ts";
import { unitName, unitText } from "../../../src/service/systemd-unit.ts";

const project = { name: "shop", environment: "production", directory: "/srv/a 50%", file: null };

test("a unit is named after project and environment", () => {
  const service = describeService(project, "/usr/bin/node", "/opt/studio");
  expect(unitName(service)).toBe("studio-shop-production.service");
});

test("what systemd would expand is escaped", () => {
  const file = "/srv/a 50%/$other.yaml";
  const text = unitText(describeService({ ...project, file }, "/usr/bin/node", "/opt/studio"));
  expect(text).toContain("WorkingDirectory=/srv/a 50%%\n");
  expect(text).toContain(
    'ExecStart="/usr/bin/node" "/opt/studio/bin/studio.js" "up" "--env" "production" ' +
      '"--config" "/srv/a 50%%/$$other.yaml"\n',
  );
});

test("a daemon is given the time to end that its settings say, and starts again when it dies", () => {
  const service = describeService(project, "/usr/bin/node", "/opt/studio");
  const text = unitText(service, { kind: "daemon", shutdown: 60_000 });
  expect(text).toContain(
    'ExecStart="/usr/bin/node" "/opt/studio/bin/studio.js" "serve" "--env" "production"\n',
  );
  const lines = ["TimeoutStopSec=75", "KillSignal=SIGTERM", "Restart=on-failure", "Type=exec"];
  expect(text.split("\n")).toEqual(expect.arrayContaining(lines));
  expect(text).not.toContain("@");
});

test("a path with a line break is refused", () => {
  const directory = "/srv/a\nb";
  expect(() => describeService({ ...project, directory }, "/n", "/o")).toThrow("line break");
});
