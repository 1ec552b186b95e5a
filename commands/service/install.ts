import { text } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import type { ServiceResult } from "../../src/service/install.ts";

export default defineCommand<ServiceResult>({
  description:
    "Starts the current release, or the daemon of `studio serve`, at every boot, by a systemd unit " +
    "of your own user or, where that does not answer, a line of your crontab. Neither knows the " +
    "variables of this shell: name those that are needed in variables.file. systemd starts the " +
    "daemon again when it dies.",
  options: [
    { flags: "--serve", summary: "Start `studio serve`, where nothing is deployed" },
    {
      flags: "--target <target>",
      summary: "systemd or crontab (default: what is there)",
      complete: ["systemd", "crontab"],
    },
  ],
  examples: [
    { line: "studio service install --env production", does: "come up after a reboot" },
    { line: "studio service install --serve", does: "serve after a reboot, without a deploy" },
    { line: "studio service install --dry-run", does: "print what would be installed" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 3, 5, 6, 8],
  async run(context, input) {
    const { installService, readServiceTarget } = await import("../../src/service/install.ts");
    const { describeService } = await import("../../src/service/service.ts");
    const { packageRoot } = await import("../../src/package-root.ts");
    const { homedir } = await import("node:os");
    const project = await context.project();
    const { shutdown } = project.settings.serve;
    const result = await installService({
      service: describeService(project, process.execPath, packageRoot),
      start: flagOption(input, "serve") ? { kind: "daemon", shutdown } : { kind: "release" },
      target: readServiceTarget(textOption(input, "target")),
      dryRun: context.options.dryRun,
      env: context.env,
      home: context.env["HOME"] ?? homedir(),
    });
    return result.atBoot ? { result } : { result, exitCode: 3, error: onlyAtLogin() };
  },
  human: ({ place, content, changed, dryRun }) =>
    dryRun
      ? [text(`Would be in ${place}:`), text(content ?? "")]
      : [text(changed ? `Installed in ${place}.` : `Was installed already in ${place}.`, "good")],
});

function onlyAtLogin(): StudioError {
  return new StudioError({
    code: "service.linger",
    message: "The unit is installed, but systemd starts it only once you log in.",
    hint: 'Let it start at boot: sudo loginctl enable-linger "$USER"',
    exitCode: exitCodes.incomplete,
  });
}
