// A real identity provider with one client: node provider.mjs MODULES PORT. POST /rotate gives it a new signing key, POST /down
// and /up take its documents away and back.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [modules, port] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${modules}/node_modules/oidc-provider/lib/index.js`));
const issuer = `http://127.0.0.1:${port}`;
let made = 0;
let down = false;
let fetches = 0;

function provider() {
  made += 1;
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  return new Provider(issuer, {
    jwks: { keys: [{ ...key, kid: `key-${made}`, use: 'sig', alg: 'RS256' }] },
    clients: [{
      client_id: 'builder',
      client_secret: 'no-secret-at-all',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    }],
    extraTokenClaims: () => ({ tenant: 'acme', kind: 'agent', roles: ['worker'] }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'mcp', audience: resource, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  }).callback();
}

let answer = provider();
createServer((request, response) => {
  if (request.url === '/rotate') answer = provider();
  else if (request.url === '/down') down = true;
  else if (request.url === '/up') down = false;
  else if (request.url === '/fetches') return response.end(String(fetches));
  else {
    if (request.url === '/jwks') fetches += 1;
    if (!down || request.url === '/token') return answer(request, response);
    response.statusCode = 503;
  }
  response.end();
}).listen(Number(port), '127.0.0.1', () => console.log('the identity provider listens'));
