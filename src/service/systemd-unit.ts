import { type Service, startWords } from "./service.ts";

export const unitName = (service: Pick<Service, "project" | "environment">): string =>
  `studio-${service.project}-${service.environment}.service`;

/**
 * The text of the user unit; quoting by systemd.syntax(7) and systemd.service(5). `oneshot` has no
 * time limit of its own to start within, and RemainAfterExit leaves the supervisor running.
 */
export function unitText(service: Service): string {
  return `[Unit]
Description=studio: ${service.project} (${service.environment})

[Service]
Type=oneshot
RemainAfterExit=yes
WorkingDirectory=${service.directory.replaceAll("%", "%%")}
ExecStart=${startWords(service).map(quoteUnitWord).join(" ")}

[Install]
WantedBy=default.target
`;
}

/** One word of ExecStart: `%` begins a specifier there, `$` a variable. */
export function quoteUnitWord(word: string): string {
  const escaped = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$");
  return `"${escaped}"`;
}
