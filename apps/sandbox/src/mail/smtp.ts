import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '@mingdan/kernel';
import type { Inbox } from './inbox.ts';

export interface MailServer {
  readonly port: number;
  close(): Promise<void>;
}

const LARGEST = 10 * 1024 * 1024;

/** A mail server that keeps everything and passes nothing on (RFC 5321, without TLS). */
export async function startMailServer(inbox: Inbox, port: number, host: string, log: Logger): Promise<MailServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', (error) => log.debug({ err: error }, 'a mail connection broke'));
    new Session(inbox, socket).start();
  });
  return {
    port: await listen(server, port, host),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

type Reply = readonly [code: number, text: string];

/** One connection: lines in, replies out. */
class Session {
  readonly #inbox: Inbox;
  readonly #socket: Socket;
  #buffer = '';
  #from: string | undefined;
  #to: string[] = [];
  /** lines of a mail; undefined between mails */
  #data: string[] | undefined;
  /** how many answers of a login are still to come */
  #asked = 0;

  constructor(inbox: Inbox, socket: Socket) {
    this.#inbox = inbox;
    this.#socket = socket;
  }

  start(): void {
    // Byte by byte: what a byte means, the mail itself says.
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: string) => this.#read(chunk));
    if (!this.#inbox.meets('silent')) this.#say(220, 'sandbox mail server');
  }

  #answer(reply: Reply | undefined): void {
    if (reply) this.#say(...reply);
  }

  #say(code: number, text: string): void {
    if (this.#socket.writable) this.#socket.write(`${code} ${text}\r\n`);
  }

  #read(chunk: string): void {
    this.#buffer += chunk;
    if (this.#buffer.length > LARGEST) {
      this.#socket.destroy();
      return;
    }
    for (let end = this.#buffer.indexOf('\r\n'); end >= 0; end = this.#buffer.indexOf('\r\n')) {
      const line = this.#buffer.slice(0, end);
      this.#buffer = this.#buffer.slice(end + 2);
      if (this.#data) this.#dataLine(this.#data, line);
      else if (this.#asked > 0) this.#answer(this.#loginLine());
      else this.#answer(this.#command(line));
    }
  }

  #dataLine(data: string[], line: string): void {
    if (line !== '.') {
      data.push(line.startsWith('.') ? line.slice(1) : line);
      return;
    }
    this.#data = undefined;
    this.#inbox.take({ from: this.#from ?? '', to: this.#to }, data.join('\r\n'));
    this.#reset();
    if (this.#inbox.meets('lost')) this.#socket.destroy();
    else this.#say(250, '2.0.0 kept');
  }

  #reset(): void {
    this.#from = undefined;
    this.#to = [];
  }

  #command(line: string): Reply | undefined {
    switch (line.slice(0, 4).toUpperCase()) {
      case 'EHLO':
        this.#socket.write('250-sandbox\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES\r\n');
        return undefined;
      case 'HELO':
      case 'NOOP':
        return [250, 'ok'];
      case 'AUTH':
        return this.#login(line);
      case 'MAIL':
        return this.#sender(line);
      case 'RCPT':
        return this.#receiver(line);
      case 'DATA':
        if (this.#to.length === 0) return [503, '5.5.1 say RCPT first'];
        this.#data = [];
        return [354, 'go on, and end with a dot'];
      case 'RSET':
        this.#reset();
        return [250, 'ok'];
      case 'QUIT':
        this.#socket.end('221 bye\r\n');
        return undefined;
      default:
        return [502, '5.5.2 this server does not know that'];
    }
  }

  /** Any login will do, unless logins are to fail. */
  #login(line: string): Reply {
    const [, mechanism = '', first] = line.trim().split(/\s+/);
    const questions = mechanism.toUpperCase() === 'LOGIN' ? 2 : 1;
    this.#asked = first === undefined ? questions : questions - 1;
    return this.#asked > 0 ? [334, 'VXNlcm5hbWU6'] : this.#loggedIn();
  }

  #loginLine(): Reply {
    this.#asked -= 1;
    return this.#asked > 0 ? [334, 'UGFzc3dvcmQ6'] : this.#loggedIn();
  }

  #loggedIn(): Reply {
    return this.#inbox.meets('login') ? [535, '5.7.8 wrong user or password'] : [235, '2.7.0 welcome'];
  }

  #sender(line: string): Reply {
    this.#reset();
    const from = addressIn(line);
    if (from === undefined) return [501, '5.5.4 no address'];
    this.#from = from;
    return [250, '2.1.0 ok'];
  }

  #receiver(line: string): Reply {
    const to = addressIn(line);
    if (this.#from === undefined) return [503, '5.5.1 say MAIL first'];
    if (to === undefined || to === '') return [501, '5.5.4 no address'];
    if (this.#inbox.meets('busy')) return [451, `4.3.2 <${to}> try again later`];
    if (this.#inbox.meets('refused')) return [550, `5.1.1 <${to}> there is no such mailbox`];
    this.#to.push(to);
    return [250, '2.1.5 ok'];
  }
}

function addressIn(line: string): string | undefined {
  return /^[A-Z]+ (?:FROM|TO):\s*<([^<>]*)>/i.exec(line)?.[1];
}
