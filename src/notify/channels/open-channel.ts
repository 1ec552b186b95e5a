import type { Settings } from "../../config/schema.ts";
import type { Secret } from "../../config/secrets.ts";
import type { Channel } from "./channel.ts";

type ChannelSettings = Settings["notify"]["channels"][string];

export interface ChannelSurroundings {
  /** The file of channels of the kind `log`. */
  logFile: string;
  /** @throws StudioError (exit 2) for a secret that is not to be had */
  readSecret: (secret: Secret) => Promise<string>;
  now: () => Date;
}

/** Opens a channel of one of the kinds, with its secrets. Nothing is sent. */
export async function openChannel(
  settings: ChannelSettings,
  { logFile, readSecret, now }: ChannelSurroundings,
): Promise<Channel> {
  const { slack, webhook, email, pagerduty } = settings;
  if (slack !== undefined) {
    const { openSlack } = await import("./slack.ts");
    return openSlack({ url: await readSecret(slack.url), now });
  }
  if (webhook !== undefined) {
    const { openWebhook } = await import("./webhook.ts");
    const { url, signingSecret, headers } = webhook;
    return openWebhook({
      url: await readSecret(url),
      headers: await readAll(headers, readSecret),
      signingSecret: signingSecret === undefined ? null : await readSecret(signingSecret),
      now,
    });
  }
  if (email !== undefined) return openMail(email, readSecret);
  if (pagerduty !== undefined) {
    const { openPagerDuty } = await import("./pagerduty.ts");
    const routingKey = await readSecret(pagerduty.routingKey);
    return openPagerDuty({ url: pagerduty.url, routingKey, now });
  }
  const { openLog } = await import("./log.ts");
  return openLog(logFile);
}

async function openMail(
  { host, port, secure, user, password, from, to }: NonNullable<ChannelSettings["email"]>,
  readSecret: ChannelSurroundings["readSecret"],
): Promise<Channel> {
  const { openEmail } = await import("./email.ts");
  const secret = password === undefined ? null : await readSecret(password);
  const login = user === undefined || secret === null ? null : { user, password: secret };
  return openEmail({ host, port, secure, login, from, to });
}

async function readAll(
  secrets: Record<string, Secret>,
  readSecret: ChannelSurroundings["readSecret"],
): Promise<Record<string, string>> {
  const entries = Object.entries(secrets).map(
    async ([name, secret]) => [name, await readSecret(secret)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
