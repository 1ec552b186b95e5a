import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";

/** Milliseconds. */
const patience = 2000;

/** The certificate that whoever asks for a name meets on a port; null where none is shown. */
export function answeringCertificate(
  { host, port }: { host: string; port: number },
  name: string | null,
): Promise<X509Certificate | null> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      // It is to be looked at, whoever signed it.
      rejectUnauthorized: false,
      ...(name === null ? {} : { servername: name }),
    });
    const end = (found: X509Certificate | null) => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(patience, () => end(null));
    socket.once("error", () => end(null));
    socket.once("secureConnect", () => end(socket.getPeerX509Certificate() ?? null));
  });
}
