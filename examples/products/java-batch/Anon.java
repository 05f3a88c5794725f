// A product in one file that needs nothing but a JDK: batch:java Anon.java {request} {response}
import static java.util.stream.Collectors.*;
import java.nio.file.*;
import java.util.*;
import java.util.regex.*;

public class Anon {
    static final String HEADER = "患者ID,氏名,年齢,性別,受診日,病名,来院方法,転帰,受診時間帯\n";
    // A person as declared, or without a key all the rest. Groups: key, age, sex, day of the visit, codes; no name.
    static final Pattern PERSON = Pattern.compile("\\G(P[0-9]{6}),(?:\"(?:[^\"]|\"\")*+\"|[^\",\n]*+)"
        + ",([1-9]?[0-9]|1[01][0-9]),(男|女),([12][0-9]{3}-[0-9]{2}-[0-9]{2}),((?:高血圧症|糖尿病|肺炎|骨折|胃腸炎)?"
        + ",(?:独歩|救急車|家族同伴|紹介|転院搬送)?,(?:治癒|軽快|不変|転院|中止)?,(?:深夜|午前|午後|夜間)?)(?:\n|\\z)|(?s:.+)");

    public static void main(String[] folders) throws Exception {
        Path data = Path.of(folders[0], "data", "patients.csv"), response = Path.of(folders[1]);
        String refusal = "INPUT_INVALID"; // where there is no such file, text or day; nothing is said about the values
        try { refusal = anonymize(Files.readString(data).replaceFirst("^\uFEFF", "").replace("\r\n", "\n"), response); }
        catch (NoSuchFileException | java.nio.charset.CharacterCodingException | java.time.DateTimeException bad) { }
        Files.writeString(response.resolve("response.json"), refusal.isEmpty() ? "{\"status\": \"ok\"}"
            : "{\"status\": \"refused\", \"reason\": {\"code\": \"" + refusal + "\", \"path\": \"/data/patients\"}}");
    }

    static String anonymize(String text, Path out) throws Exception {
        if (!text.startsWith(HEADER)) return "ORGANIZATION_MISMATCH";
        List<MatchResult> people = PERSON.matcher(text.substring(HEADER.length())).results().collect(toList());
        Set<String> keys = people.stream().map(person -> person.group(1)).collect(toSet());
        if (keys.contains(null) || keys.size() < people.size()) return "INPUT_INVALID";
        List<List<List<String>>> classes = people.stream().map(Anon::released)
            .collect(groupingBy(row -> row.get(1) + row.get(2)))
            .values().stream().filter(same -> same.size() >= 5).collect(toList());
        List<String> rows = classes.stream().flatMap(List::stream).map(row -> String.join(",", row))
            .sorted().collect(toList()); // by the random pseudonym: the order tells nothing
        if (rows.size() < 10) return "CANNOT_MEET_PRIVACY";
        int smallest = classes.stream().mapToInt(List::size).min().getAsInt();
        Files.writeString(out.resolve("risk.json"),
            risk(smallest, classes.size(), rows.size(), keys.size() - rows.size()));
        rows.add(0, "患者ID,年齢,性別,受診日,病名,来院方法,転帰,受診時間帯");
        Files.write(Files.createDirectory(out.resolve("data")).resolve("patients.csv"), rows);
        Path program = Path.of(Anon.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        for (String name : List.of("organization.yaml", "processing.yaml", "statement.json", "publication.json"))
            Files.copy(program.resolveSibling("release").resolve(name), out.resolve(name));
        for (String book : List.of("book.json", "erasure.json"))
            Files.writeString(out.resolve(book), Files.readString(program.resolveSibling("release").resolve(book))
                .replace("2024-06-10", java.time.LocalDate.now().toString())); // the day of book and erasure
        return "";
    }

    // The risk of a person is 1 / persons of the same age and sex; the worst one counts.
    static String risk(int k, int classes, int persons, int suppressed) {
        double maximum = 1.0 / k, mean = (double) classes / persons;
        return String.format(Locale.ROOT, """
            {"persons": {"suppressed": %d}, "method": "prosecutor", "reference": "release",
             "classes": [{"resource": "patients", "quasi": ["年齢", "性別"], "persons": %d, "k": %d,
                          "prosecutorRisk": {"maximum": %.4f, "mean": %.4f}}],
             "scores": [{"name": "maximum", "value": %.4f}, {"name": "mean", "value": %.4f}],
             "score": {"combine": "minimum", "value": %.4f}}
            """,
            suppressed, persons, k, maximum, mean, 1 - maximum, 1 - mean, Math.min(1 - maximum, 1 - mean));
    }

    static List<String> released(MatchResult person) {
        int low = Integer.parseInt(person.group(2)) / 10 * 10, days = 1 + new java.security.SecureRandom().nextInt(182);
        return List.of(UUID.randomUUID().toString(), low < 90 ? low + "-" + (low + 10) : "90+", person.group(3),
            java.time.LocalDate.parse(person.group(4)).plusDays(days).toString(), person.group(5));
    }
}
