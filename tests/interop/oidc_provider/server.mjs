// A SMART-shaped authorization server made of the certified oidc-provider, for the tests: loopback, in memory, ends with its standard input.
//   node server.mjs < …      environment: CALLBACK (redirect address), JWKS (the public keys of our confidential clients)
// Prints "up ISSUER". The FHIR base is ISSUER/fhir; launches are "L1" (a patient in context) and "L0" (none).
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

process.stdin.on('end', () => process.exit(0)).resume();

const CONTEXTS = {
  L1: { patient: 'pat-1', encounter: 'enc-1', need_patient_banner: false, intent: 'taper', fhirContext: [{ reference: 'CarePlan/cp-1' }] },
  L0: { need_patient_banner: true },
};
const contexts = new Map(); // grant -> what stands beside its tokens
const jwks = JSON.parse(process.env.JWKS);
const person = { redirect_uris: [process.env.CALLBACK], grant_types: ['authorization_code', 'refresh_token'], scope: 'openid fhirUser launch online_access' };

function provider(issuer) {
  const fhir = `${issuer}/fhir`;
  const made = new Provider(issuer, {
    clients: [
      { client_id: 'public', token_endpoint_auth_method: 'none', ...person },
      { client_id: 'symmetric', client_secret: process.env.CLIENT_SECRET, token_endpoint_auth_method: 'client_secret_basic', ...person },
      { client_id: 'asymmetric', token_endpoint_auth_method: 'private_key_jwt', jwks, ...person },
      { client_id: 'backend', token_endpoint_auth_method: 'private_key_jwt', jwks, redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
    ],
    jwks: { keys: [{ ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid: 'ehr', alg: 'RS256', use: 'sig' }] },
    scopes: ['openid', 'online_access', 'launch', 'fhirUser'],
    claims: { openid: ['sub'], fhirUser: ['fhirUser'] },
    conformIdTokenClaims: false,
    extraParams: ['aud', 'launch'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    clockTolerance: 15,
    enabledJWA: { clientAuthSigningAlgValues: ['RS384', 'ES384'] },
    cookies: { keys: ['only for tests'] },
    ttl: { AccessToken: 300, ClientCredentials: 300, RefreshToken: 3600, AuthorizationCode: 60, Grant: 3600, Session: 3600, Interaction: 600, IdToken: 300 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => fhir,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: 'patient/Patient.r patient/MedicationRequest.rs system/Patient.r', accessTokenFormat: 'opaque', audience: fhir }),
      },
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, fhirUser: `${fhir}/Practitioner/${id}` }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: (_, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('online_access'),
  });
  made.use(async (ctx, next) => {
    if (ctx.path === '/auth' && ctx.query.aud !== undefined && ctx.query.aud !== fhir) {
      ctx.status = 400;
      return;
    }
    await next();
    if (ctx.oidc?.route === 'token' && ctx.status === 200) Object.assign(ctx.body, contexts.get(ctx.oidc.entities.Grant?.jti));
  });
  return made;
}

// Whoever comes is logged in and consents: the tests are about what happens after.
async function interact(made, request, response) {
  const { prompt, params, session } = await made.interactionDetails(request, response);
  if (prompt.name === 'login') return made.interactionFinished(request, response, { login: { accountId: 'prac-1' } });
  const grant = new made.Grant({ clientId: params.client_id, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  grant.addOIDCClaims(['fhirUser']);
  grant.addResourceScope(`${made.issuer}/fhir`, params.scope);
  const grantId = await grant.save();
  contexts.set(grantId, CONTEXTS[params.launch] ?? {});
  return made.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const made = provider(issuer);
  const handle = made.callback();
  const configuration = {
    issuer,
    jwks_uri: '/jwks',
    authorization_endpoint: '/auth',
    token_endpoint: '/token',
    introspection_endpoint: '/token/introspection',
    revocation_endpoint: '/token/revocation',
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    capabilities: ['launch-ehr', 'permission-online', 'permission-v2', 'sso-openid-connect'],
  };
  server.on('request', (request, response) => {
    if (request.url === '/fhir/.well-known/smart-configuration') return response.setHeader('content-type', 'application/json').end(JSON.stringify(configuration));
    if (request.url.startsWith('/interaction/')) return interact(made, request, response).catch((error) => response.writeHead(500).end(String(error)));
    return handle(request, response);
  });
  console.log('up', issuer);
});
