import com.sun.net.httpserver.HttpServer;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.shredzone.acme4j.Account;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Certificate;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.util.KeyPairUtils;

/**
 * Gets a certificate by the library acme4j, asks for its renewal information and replaces it. What came
 * of it is JSON on standard output (tests/peers/driver.py).
 */
public class Peer {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Map<String, String> answers = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Map<String, String> options = new ConcurrentHashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        HttpServer server = serve(Integer.parseInt(options.get("-port")));
        try {
            Session session = new Session(URI.create(options.get("-directory")));
            Account account = new AccountBuilder()
                    .addContact("mailto:admin@example.test").agreeToTermsOfService()
                    .withKeyIdentifier(options.get("-kid"), options.get("-hmac"))
                    .useKeyPair(KeyPairUtils.createECKeyPair("secp256r1")).create(session);
            Certificate first = obtain(account, options, null);
            var info = first.getRenewalInfo();
            String window = "[\"" + info.getSuggestedWindowStart() + "\", \"" + info.getSuggestedWindowEnd() + "\"]";
            Certificate second = obtain(account, options, first);
            System.out.println("{\"account\": \"" + account.getLocation() + "\", \"first\": " + chain(first)
                    + ", \"second\": " + chain(second) + ", \"window\": " + window + "}");
        } finally {
            server.stop(0);
        }
    }

    private static HttpServer serve(int port) throws Exception {
        HttpServer server = HttpServer.create(
                new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 0);
        server.createContext("/.well-known/acme-challenge/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            String answer = answers.get(path.substring(path.lastIndexOf('/') + 1));
            byte[] body = (answer == null ? "" : answer).getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static Certificate obtain(Account account, Map<String, String> options, Certificate replaced)
            throws Exception {
        var builder = account.newOrder().domain(options.get("-name")).profile(options.get("-profile"));
        if (replaced != null) {
            builder.replaces(replaced);
        }
        Order order = builder.create();
        for (Authorization authorization : order.getAuthorizations()) {
            if (authorization.getStatus() == Status.VALID) {
                continue;
            }
            Http01Challenge challenge = authorization.findChallenge(Http01Challenge.class).orElseThrow();
            answers.put(challenge.getToken(), challenge.getAuthorization());
            challenge.trigger();
            require(authorization.waitForCompletion(PATIENCE), "authorization");
        }
        order.waitUntilReady(PATIENCE);
        order.execute(KeyPairUtils.createECKeyPair("secp256r1"));
        require(order.waitForCompletion(PATIENCE), "order");
        return order.getCertificate();
    }

    private static void require(Status status, String what) {
        if (status != Status.VALID) {
            throw new IllegalStateException("the " + what + " is " + status);
        }
    }

    private static String chain(Certificate certificate) throws Exception {
        StringWriter text = new StringWriter();
        certificate.writeCertificate(text);
        return "\"" + text.toString().replace("\r", "").replace("\n", "\\n") + "\"";
    }
}
