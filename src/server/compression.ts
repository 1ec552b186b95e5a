import type { FastifyInstance } from "fastify";

/** Below so many bytes the head of an answer outweighs what gzip saves. */
const threshold = 1024;

/** Text alone: tensors, images and what is compressed already only cost time. */
const worthIt = /^(text\/(?!event-stream)|application\/([\w.-]+\+)?(json|yaml|javascript)(;|$))/;

/**
 * Sends answers worth it as gzip. Requests are taken as they are: what unpacks to more than it
 * claims is not let in.
 */
export async function useCompression(application: FastifyInstance): Promise<void> {
  const { default: compress } = await import("@fastify/compress");
  await application.register(compress, {
    encodings: ["gzip"],
    threshold,
    customTypes: worthIt,
    globalDecompression: false,
  });
}
