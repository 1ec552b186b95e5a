import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openEmail } from "../../../src/notify/channels/email.ts";
import { addressOf, mailText } from "../../../src/notify/smtp/mail-text.ts";
import type { MailServer } from "../../../src/notify/smtp/send-mail.ts";
import { messageWith } from "../../support/notify-place.ts";
import { findProgram } from "../../support/programs.ts";
import { type SmtpSettings, startSmtp } from "../../support/smtp-server.ts";

const login = { user: "studio", password: "planted-pass" };

async function send(settings: SmtpSettings, more: Partial<MailServer> = {}, limit = 20_000) {
  const server = await startSmtp(settings);
  onTestFinished(() => server.close());
  const channel = openEmail({
    host: "127.0.0.1",
    port: server.port,
    secure: false,
    login: null,
    from: "Studio Größe <studio@shop.example>",
    to: ["ops@shop.example", "Boss <boss@shop.example>"],
    ...more,
  });
  const message = messageWith({ text: ".a line\nwith a dot, and Ümläute" });
  return { sent: await channel.send(message, AbortSignal.timeout(limit)), server };
}

describe("a mail", () => {
  test("reaches all that are named, with its text whole", async () => {
    const { sent, server } = await send({});
    expect(sent).toEqual({ ok: true });
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: "FROM:<studio@shop.example>",
      to: ["TO:<ops@shop.example>", "TO:<boss@shop.example>"],
      login: null,
    });
    const [head = "", body = ""] = mail?.text.split("\r\n\r\n") ?? [];
    expect(head).toContain('Subject: [shop production] The job "database" failed');
    expect(head).toMatch(/^From: =\?utf-8\?B\?[\w+/=]+\?= <studio@shop\.example>$/m);
    expect(Buffer.from(body, "base64").toString("utf8")).toContain("with a dot, and Ümläute");
  });

  test.each(["PLAIN", "LOGIN"] as const)("is sent after a login by %s", async (auth) => {
    const { sent, server } = await send({ auth }, { login });
    expect(sent).toEqual({ ok: true });
    expect(server.mails[0]?.login).toBe("studio planted-pass");
  });

  test("that a server refuses for now is worth another attempt, and for good is not", async () => {
    const busy = await send({ replies: { RCPT: "450 mailbox busy planted" } });
    expect(busy.sent).toEqual({
      ok: false,
      reason: "it answered 450 to RCPT",
      final: false,
      retryAfter: null,
    });
    const wrong = await send(
      { auth: "PLAIN", replies: { AUTH: "535 no planted-pass" } },
      { login },
    );
    expect(wrong.sent).toMatchObject({ final: true, reason: "it answered 535 to AUTH" });
  });

  test("is given up in time where the server says nothing, or no SMTP", async () => {
    const { sent } = await send({ replies: { EHLO: "250-and so on" } }, {}, 200);
    expect(sent).toMatchObject({ ok: false, reason: "there was no answer in time" });
    const odd = await send({ replies: { EHLO: "hello" } });
    expect(odd.sent).toMatchObject({ ok: false, final: false });
  });
});

describe("a password", () => {
  test("is not sent in the open to another host", async () => {
    const { sent, server } = await send({ auth: "PLAIN" }, { login, host: "0.0.0.0" });
    expect(sent).toMatchObject({ final: true, reason: expect.stringContaining("no TLS") });
    expect(server.heard.some((line) => line.startsWith("AUTH"))).toBe(false);
  });

  const openssl = findProgram("openssl", "mail over TLS");

  test.skipIf(openssl === null)("goes over TLS where the server offers it", async () => {
    const tls = certificate(openssl ?? "");
    const trusted = { login, trusted: tls.cert };
    const { sent, server } = await send({ tls, auth: "PLAIN" }, trusted);
    expect(sent).toEqual({ ok: true });
    expect(server.mails[0]).toMatchObject({ encrypted: true, login: "studio planted-pass" });
    const { sent: doubtful, server: other } = await send({ tls, auth: "PLAIN" }, { login });
    expect(doubtful).toMatchObject({ ok: false, reason: expect.stringMatching(/SELF_SIGNED/) });
    expect(other.heard.some((line) => line.startsWith("AUTH"))).toBe(false);
  });
});

test("a subject or a name cannot add headers of its own", () => {
  const text = mailText({
    id: "i",
    from: "a@b.example",
    to: ["c@d.example"],
    subject: "one\r\nBcc: evil@e.example",
    date: new Date(0),
    body: "b",
  });
  expect(text).not.toMatch(/^Bcc:/m);
  expect(addressOf("Name <x@y.example>")).toBe("x@y.example");
});

/** A certificate for 127.0.0.1 that signs itself. */
function certificate(openssl: string): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "c-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const words = ["req", "-x509", ...kind, "-keyout", key, "-out", cert, ...names];
  execFileSync(openssl, words, { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
