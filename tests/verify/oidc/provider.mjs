// An OpenID provider that knows one person, who says yes to everything in any browser.
//
// node provider.mjs '{"host", "cert", "key", "account", "issued", "accessTokenTtl", "resourceServer"}'
// "port N" is printed once it listens on a free port of loopback; every secret that it gives out or
// is shown is added to the file "issued", one a line.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const settings = JSON.parse(process.argv[2]);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const provider = new Provider(`https://${settings.host}`, {
  clients: [
    {
      client_id: 'mailwright-test',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: 'ES256',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      // RFC 8252 §7.3: with whatever port the client has at the moment.
      redirect_uris: ['http://127.0.0.1/'],
    },
    // A mail server, which only asks whose a token is.
    {
      client_id: settings.resourceServer.id,
      client_secret: settings.resourceServer.secret,
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'ES256',
      grant_types: [],
      response_types: [],
      redirect_uris: [],
    },
  ],
  scopes: ['openid', 'email', 'offline_access', 'pop3', 'imap', 'smtp'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: true }) }),
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  pkce: { methods: ['S256'], required: () => true },
  issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  ttl: {
    AccessToken: settings.accessTokenTtl,
    AuthorizationCode: 60,
    DeviceCode: 600,
    Grant: 3600,
    IdToken: 3600,
    Interaction: 600,
    RefreshToken: 3600,
    Session: 3600,
  },
  cookies: { keys: ['a test signs its cookies with this'] },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] },
});

function note(secret) {
  if (secret) appendFileSync(settings.issued, `${secret}\n`);
}

// The whole of signing in and agreeing, in place of pages with a form each.
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res);
  let result = { login: { accountId: settings.account } };
  if (prompt.name === 'consent') {
    const known = grantId && (await provider.Grant.find(grantId));
    const grant = known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result = { consent: { grantId: await grant.save() } };
  }
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: true }));
});

provider.use(async (ctx, next) => {
  await next();
  const { device_code, access_token, refresh_token, id_token } = ctx.body ?? {};
  [device_code, access_token, refresh_token, id_token].forEach(note);
  note(ctx.oidc?.params?.code_verifier);
  const location = ctx.response.get('location');
  if (location.startsWith('http:')) note(new URL(location).searchParams.get('code'));
  // The default of RFC 8628 §3.2 is five seconds, which a test would wait for.
  if (device_code) ctx.body.interval = 1;
});

provider.on('server_error', (ctx, error) => console.error(error));

const tls = { cert: readFileSync(settings.cert), key: readFileSync(settings.key) };
const server = createServer(tls, provider.callback());
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
