import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openEmail } from "../../../src/notify/channels/email.ts";
import type { MailServer } from "../../../src/notify/channels/send-mail.ts";
import type { Message } from "../../../src/notify/event.ts";
import { messageWith } from "../../support/notify-place.ts";
import { findProgram } from "../../support/programs.ts";
import { type SmtpSettings, startSmtp } from "../../support/smtp-server.ts";

const login = { user: "studio", password: "planted-pass" };

const message = messageWith({ text: ".a line\nwith a dot, and Ümläute" });

async function send(
  settings: SmtpSettings,
  more: Partial<MailServer> = {},
  { limit = 20_000, told = message }: { limit?: number; told?: Message } = {},
) {
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
  return { sent: await channel.send(told, AbortSignal.timeout(limit)), server };
}

describe("a mail", () => {
  test("reaches all that are named, with its text whole", async () => {
    const { sent, server } = await send({});
    expect(sent).toEqual({ ok: true });
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: "studio@shop.example",
      to: ["ops@shop.example", "boss@shop.example"],
      login: null,
    });
    const [head = "", body = ""] = mail?.text.split("\r\n\r\n") ?? [];
    expect(decoded(head)).toContain('Subject: [shop production] The job "database" failed');
    expect(decoded(head)).toContain("From: Studio Größe <studio@shop.example>");
    expect(head).toMatch(/^[\x20-\x7e\r\n]*$/);
    expect(Buffer.from(body, "base64").toString("utf8")).toContain("with a dot, and Ümläute");
  });

  test.each(["PLAIN", "LOGIN"] as const)("is sent after a login by %s", async (auth) => {
    const { sent, server } = await send({ auth }, { login });
    expect(sent).toEqual({ ok: true });
    expect(server.mails[0]?.login).toBe("studio planted-pass");
    expect(server.heard).toContain("AUTH");
  });

  test("that a server refuses for now is worth another attempt, and for good is not", async () => {
    const full = { code: 450, text: "mailbox busy planted" };
    const busy = await send({
      refused: { "ops@shop.example": full, "boss@shop.example": full },
    });
    expect(busy.sent).toEqual({
      ok: false,
      reason: "it answered 450 to RCPT",
      final: false,
      retryAfter: null,
    });
    const wrong = await send(
      { auth: "PLAIN", locked: { code: 535, text: "no planted-pass" } },
      { login },
    );
    expect(wrong.sent).toMatchObject({ final: true, reason: "it answered 535 to AUTH" });
  });

  test("is given up in time where the server says nothing, or no SMTP", async () => {
    const silent = await startSpeaker("220 ready", "250-and so on");
    const { sent } = await send({}, { port: silent }, { limit: 200 });
    expect(sent).toMatchObject({ ok: false, reason: "there was no answer in time" });
    const chatter = await startSpeaker("220 ready", "hello");
    const odd = await send({}, { port: chatter });
    expect(odd.sent).toMatchObject({ ok: false, final: false });
    const dead = await send({}, { port: 1 });
    expect(dead.sent).toMatchObject({ reason: "the connection failed (ECONNREFUSED)" });
  });

  test("that is refused for one of those who are named is no success", async () => {
    const { sent, server } = await send({
      refused: { "boss@shop.example": { code: 550, text: "no such planted" } },
    });
    expect(sent).toMatchObject({ final: true, reason: "it answered 550 to RCPT" });
    expect(server.mails[0]?.to).toEqual(["ops@shop.example"]);
    const later = await send({
      refused: { "boss@shop.example": { code: 451, text: "come back" } },
    });
    expect(later.sent).toMatchObject({ final: false, reason: "it answered 451 to RCPT" });
  });

  test("finds its server by a name of this machine", async () => {
    const { sent } = await send({ auth: "PLAIN" }, { login, host: "localhost" });
    expect(sent).toEqual({ ok: true });
  });
});

describe("a password", () => {
  test("is not sent in the open to another host", async () => {
    const { sent, server } = await send({ auth: "PLAIN" }, { login, host: "0.0.0.0" });
    expect(sent).toMatchObject({ final: true, reason: expect.stringContaining("no TLS") });
    expect(server.heard.includes("AUTH")).toBe(false);
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
    expect(other.heard.includes("AUTH")).toBe(false);
    const direct = await send({ tls, secure: true, auth: "PLAIN" }, { ...trusted, secure: true });
    expect(direct.sent).toEqual({ ok: true });
    expect(direct.server.mails[0]).toMatchObject({ encrypted: true });
    const wrong = await send({ tls, secure: true, auth: "PLAIN" }, { login, secure: true });
    expect(wrong.sent).toMatchObject({ ok: false, reason: expect.stringMatching(/SELF_SIGNED/) });
  });
});

test("a subject cannot add headers or commands of its own", async () => {
  const told = messageWith({ title: "one\r\nBcc: evil@e.example\r\n.\r\nRSET" });
  const { sent, server } = await send({}, {}, { told });
  expect(sent).toEqual({ ok: true });
  const [head = ""] = server.mails[0]?.text.split("\r\n\r\n") ?? [];
  expect(head).not.toMatch(/^Bcc:/m);
  expect(server.heard.filter((word) => word === "RSET" || word === "RCPT")).toHaveLength(2);
});

/** Speaks no SMTP, but answers every piece that it is sent with the same line. @returns its port */
async function startSpeaker(greeting: string, line: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(`${greeting}\r\n`);
    socket.on("data", () => socket.write(`${line}\r\n`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Headers with their encoded words (RFC 2047) as text. */
function decoded(head: string): string {
  return head
    .replaceAll(/\?=\r\n =\?UTF-8\?B\?/gi, "")
    .replaceAll(/=\?UTF-8\?B\?([\w+/=]+)\?=/gi, (_, text: string) =>
      Buffer.from(text, "base64").toString("utf8"),
    );
}

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
