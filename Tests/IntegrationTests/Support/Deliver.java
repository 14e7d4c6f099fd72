import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/** Posts a file to an address over one version of TLS: Deliver AUTHORITY URL VERSION FILE. */
public class Deliver {
    public static void main(String[] arguments) throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (var file = java.nio.file.Files.newInputStream(Path.of(arguments[0]))) {
            trusted.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {arguments[2]});
        HttpClient client = HttpClient.newBuilder().sslContext(context).sslParameters(parameters).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[1]))
                .header("Content-Type", "text/plain; charset=UTF-8")
                .POST(HttpRequest.BodyPublishers.ofFile(Path.of(arguments[3])))
                .build();
        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        String version = answer.sslSession().orElseThrow().getProtocol();
        System.out.println(answer.statusCode() + " " + version + " " + answer.version());
    }
}
