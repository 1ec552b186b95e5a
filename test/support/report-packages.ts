// Loaded before studio (node --import): tells, in the file PACKAGES_FILE, whose modules were loaded.
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

const packages = new Set<string>();

registerHooks({
  load(url, context, next) {
    const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});

process.on("exit", () =>
  writeFileSync(process.env["PACKAGES_FILE"] ?? "", [...packages].join("\n")),
);
