import { type Socket, connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Replies, type Reply, readReplies } from "./replies.ts";

export interface MailConnection {
  /** Sends a line, or nothing where it is null, and reads the reply. */
  ask(line: string | null): Promise<Reply>;
  /** From here on all is encrypted. */
  encrypt(): Promise<void>;
  end(): void;
}

export interface ConnectionInput {
  host: string;
  port: number;
  /** TLS from the first byte (port 465), not by STARTTLS. */
  secure: boolean;
  /** Certificates (PEM) that are trusted in the place of Node's own. */
  trusted?: string;
}

/** Opens a connection to a mail server, which is cut with the signal. */
export async function openMailConnection(
  input: ConnectionInput,
  signal: AbortSignal,
): Promise<MailConnection> {
  const { host, port, secure, trusted } = input;
  const names = isIP(host) === 0 ? { servername: host } : {};
  const tls = { host, ...names, ...(trusted === undefined ? {} : { ca: trusted }) };
  let socket: Socket = secure ? connectTls({ port, ...tls }) : connect({ host, port });
  const cut = () => socket.destroy(new Error("there was no answer in time"));
  signal.addEventListener("abort", cut, { once: true });
  const end = () => {
    signal.removeEventListener("abort", cut);
    socket.destroy();
  };
  let replies: Replies = readReplies(socket);
  try {
    await isOpen(socket, secure ? "secureConnect" : "connect");
  } catch (error) {
    end();
    throw error;
  }
  return {
    ask(line) {
      if (line !== null) socket.write(`${line}\r\n`);
      return replies.next();
    },
    async encrypt() {
      replies.stop();
      socket = connectTls({ socket, ...tls });
      replies = readReplies(socket);
      await isOpen(socket, "secureConnect");
    },
    end,
  };
}

function isOpen(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("it ended the connection")));
  });
}
