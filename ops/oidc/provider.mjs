// The tests' identity provider: panva's oidc-provider (OpenID Certified) over TLS, with forms of our own.
//
//   node provider.mjs TOOLS FOLDER
//
// TOOLS is where ops/lib/oidc has installed it; FOLDER holds server.pem and server.key, a certificate for localhost, and
// client.secret. The first line on the standard output is
// `port N`. Each line on the standard input is a JSON object, answered by the line `ready`:
//
//   {"vault": "https://localhost:1234", "authority": "/…/ca.pem"}   whose client it is, and who vouches for that one
//
// It ends with its input. Whoever types a name there is that person; what the sign-in was like is chosen beside it.

import { Buffer } from 'node:buffer';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, createServer } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [tools, folder] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(join(tools, 'node_modules/oidc-provider/lib/index.js')).href);

const SIGN_INS = {
  high: { acr: 'urn:seif:test:high', amr: ['pwd', 'otp'] },
  low: { acr: 'urn:seif:test:low', amr: ['pwd', 'sms'] },
  none: { amr: ['pwd'] },
};

let handle = (_, response) => response.writeHead(503).end();
const server = createServer(
  { cert: readFileSync(join(folder, 'server.pem')), key: readFileSync(join(folder, 'server.key')) },
  (request, response) => handle(request, response),
);
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const { port } = server.address();
console.log(`port ${port}`);

for await (const line of createInterface({ input: process.stdin })) {
  handle = serving(JSON.parse(line));
  console.log('ready');
}
process.exit(0);

function serving({ vault, authority }) {
  const provider = new Provider(`https://localhost:${port}`, {
    clients: [
      {
        client_id: 'vault',
        client_secret: readFileSync(join(folder, 'client.secret'), 'utf8').trim(),
        redirect_uris: [`${vault}/sign-in/oidc/real/return`],
        backchannel_logout_uri: `${vault}/oidc/real/back-channel-logout`,
        backchannel_logout_session_required: true,
        post_logout_redirect_uris: [],
      },
    ],
    acrValues: [SIGN_INS.high.acr, SIGN_INS.low.acr],
    claims: { openid: ['sub', 'amr'], acr: null, auth_time: null, iss: null, sid: null },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    httpOptions: () => ({
      agent: new Agent({ ca: readFileSync(authority) }),
      signal: AbortSignal.timeout(10_000),
    }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys: [signingKey()] },
    // Nobody is asked what may be told: nothing is told but who they are.
    loadExistingGrant: async (context) => {
      const { client, session, provider: its } = context.oidc;
      const grant = new its.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    pkce: { methods: ['S256'], required: () => true },
  });
  provider.on('server_error', (_, error) => console.error(error));
  provider.on('backchannel.error', (_, error) => console.error(error));
  const callback = provider.callback();
  return async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    try {
      await interaction(provider, request, response);
    } catch (error) {
      console.error(error);
      response.writeHead(400).end();
    }
  };
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'RS256' };
}

async function interaction(provider, request, response) {
  if (request.method === 'GET') return page(response, request.url);
  const typed = new URLSearchParams(await body(request));
  if (typed.has('cancel')) {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  const how = SIGN_INS[typed.get('how')] ?? SIGN_INS.none;
  return provider.interactionFinished(request, response, {
    login: { accountId: typed.get('name'), ...how, remember: true },
  });
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

function page(response, action) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!DOCTYPE html>
<html lang="en"><head><title>Sign in at the bank</title><link rel="icon" href="data:,"></head><body><main>
<h1>The bank</h1>
<form method="post" action="${action}">
<p><label for="name">Name</label> <input id="name" name="name"></p>
<p><label for="how">How</label> <select id="how" name="how"><option>high</option><option>low</option><option>none</option></select></p>
<p><button>Sign in</button> <button name="cancel">Cancel</button></p>
</form></main><footer>A stand-in for a bank</footer></body></html>`);
}
