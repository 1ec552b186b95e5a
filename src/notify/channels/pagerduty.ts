import { type Message, headingOf, linesOf } from "../event.ts";
import type { Channel } from "./channel.ts";
import { postJson } from "./post.ts";

export interface PagerDutyInput {
  url: string;
  routingKey: string;
  now: () => Date;
}

/** A summary may have so many characters. */
const longestSummary = 1024;

/**
 * Opens and resolves incidents: https://developer.pagerduty.com/docs/send-alert-event
 * What stands badly and then well is one incident there, too.
 */
export function openPagerDuty({ url, routingKey, now }: PagerDutyInput): Channel {
  return {
    send: (message, signal) =>
      postJson({ url, body: JSON.stringify(describe(message, routingKey)), signal, now }),
  };
}

function describe(message: Message, routingKey: string) {
  const { project, environment, subject, host, level, kind, at, state } = message;
  const action = state === "good" ? "resolve" : "trigger";
  return {
    routing_key: routingKey,
    event_action: action,
    dedup_key: `studio/${project}/${environment}/${subject}`,
    client: "studio",
    payload: {
      summary: headingOf(message).slice(0, longestSummary),
      source: host,
      severity: level,
      timestamp: at,
      component: project,
      group: environment,
      class: kind,
      custom_details: { text: linesOf(message).join("\n") },
    },
  };
}
