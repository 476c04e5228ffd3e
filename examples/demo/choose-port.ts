import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/**
 * The wanted port of the loopback, or, if it is taken and another will do, a free one.
 *
 * @throws Error if the port is taken and no other will do
 */
export async function choosePort(wanted: number, mayMove: boolean): Promise<number> {
  const port = (await tryPort(wanted)) ?? (mayMove ? await tryPort(0) : undefined);
  if (port === undefined) throw new Error(`Port ${wanted} is taken. Give another one with --port.`);
  if (port !== wanted) console.log(`Port ${wanted} is taken, so the page is at ${port}.`);
  return port;
}

async function tryPort(wanted: number): Promise<number | undefined> {
  const server = createServer();
  try {
    await once(server.listen(wanted, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    // A browser may look for `localhost` there first, and would find whoever else answers.
    return (await isAnswered(port, "::1")) ? undefined : port;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}

async function isAnswered(port: number, address: string): Promise<boolean> {
  const socket = connect(port, address);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
