import { createHmac } from "node:crypto";
import type { Message } from "../event.ts";
import type { Channel } from "./channel.ts";
import { postJson } from "./post.ts";

export interface WebhookInput {
  url: string;
  headers: Record<string, string>;
  /** Null: what is sent is not signed. */
  signingSecret: string | null;
  now: () => Date;
}

/**
 * The message as JSON, with the headers and the signature of Standard Webhooks:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function openWebhook({ url, headers, signingSecret, now }: WebhookInput): Channel {
  return {
    send(message, signal) {
      const body = JSON.stringify(describe(message));
      const timestamp = String(Math.floor(now().getTime() / 1000));
      const marks: Record<string, string> = {
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
      };
      if (signingSecret !== null) {
        const signature = sign(signingSecret, `${message.id}.${timestamp}.${body}`);
        marks["webhook-signature"] = `v1,${signature}`;
      }
      return postJson({ url, headers: { ...headers, ...marks }, body, signal, now });
    },
  };
}

/** Base64 of HMAC-SHA256. A secret that begins with `whsec_` is base64, any other the text itself. */
function sign(secret: string, text: string): string {
  const key = secret.startsWith("whsec_")
    ? Buffer.from(secret.slice("whsec_".length), "base64")
    : secret;
  return createHmac("sha256", key).update(text).digest("base64");
}

function describe(message: Message) {
  const { kind, at, ...data } = message;
  return { type: `studio.${kind}.${message.state}`, timestamp: at, data };
}
