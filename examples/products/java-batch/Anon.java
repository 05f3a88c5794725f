// A product in one file, without a library: tokumei ... batch:"java Anon.java {request} {response}"
import java.nio.file.*;
import java.time.LocalDate;
import java.util.*;
import java.util.regex.*;
import java.util.stream.*;

public class Anon {
    static final int K = 3, MINIMUM = 10, AGE = 2, IN = 4, OUT = 5;
    static final String[] NAMES = {"患者ID", "氏名", "年齢", "性別", "受診日", "退院日", "病名", "来院方法", "転帰", "受診時間帯"};
    static final String[] VALID = {"P[0-9]{6}", "(?s).*", "|[0-9]|[1-9][0-9]|1[01][0-9]", "|男|女", null, null,
        "|高血圧症|糖尿病|肺炎|骨折|胃腸炎|気管支喘息", "|独歩|救急車|家族同伴|紹介|転院搬送", "|治癒|軽快|不変|転院|中止", "|深夜|早朝|午前|午後|夕方|夜間"};
    static final Pattern CELL = Pattern.compile("\\G(?:\"((?:[^\"]|\"\")*+)\"|([^\",\r\n]*+))(,|\r?\n|\\z)");
    static final java.security.SecureRandom RANDOM = new java.security.SecureRandom();
    static Path response;

    public static void main(String[] folders) throws Exception {
        response = Path.of(folders[1]);
        List<String[]> rows;
        try { rows = read(Path.of(folders[0], "data", "patients.csv")); } catch (java.io.IOException e) { rows = null; }
        if (rows == null) { answer("refused", "INPUT_INVALID", "/data/patients"); return; }
        if (rows.isEmpty() || !Arrays.equals(rows.remove(0), NAMES)) { answer("refused", "ORGANIZATION_MISMATCH", "/data/patients"); return; }
        Set<String> seen = new HashSet<>();
        for (String[] row : rows) {
            int bad = row.length != NAMES.length ? 0 : invalid(row);
            if (bad >= 0 || !seen.add(row[0])) { answer("refused", "INPUT_INVALID", "/data/patients/" + NAMES[Math.max(bad, 0)]); return; }
        }
        for (String[] row : rows) anonymize(row);
        Map<String, Long> sizes = rows.stream().collect(Collectors.groupingBy(row -> row[AGE] + "|" + row[3], Collectors.counting()));
        rows.removeIf(row -> sizes.get(row[AGE] + "|" + row[3]) < K);
        if (rows.size() < MINIMUM) { answer("refused", "CANNOT_MEET_PRIVACY", "/targets/1"); return; }
        Collections.shuffle(rows, RANDOM);
        rows.add(0, NAMES);
        Files.createDirectories(response.resolve("data"));
        Files.writeString(response.resolve("data/patients.csv"), rows.stream().map(row -> IntStream.range(0, row.length)
            .filter(i -> i != 1).mapToObj(i -> row[i]).collect(Collectors.joining(","))).collect(Collectors.joining("\n", "", "\n")));
        Files.writeString(response.resolve("organization.yaml"), RELEASED);
        Files.copy(Path.of(folders[0], "processing.yaml"), response.resolve("processing.yaml"));
        answer("ok", "", "");
    }

    static int invalid(String[] row) { // the first column whose value is not as declared, or -1
        for (int i = 0; i < row.length; i++)
            if (VALID[i] != null ? !row[i].matches(VALID[i]) : !date(row[i])) return i;
        return -1;
    }

    static boolean date(String text) {
        try { return text.isEmpty() || LocalDate.parse(text).getYear() > 0; } catch (java.time.DateTimeException e) { return false; }
    }

    static void anonymize(String[] row) {
        row[0] = RANDOM.ints(4).mapToObj(word -> String.format("%08x", word)).collect(Collectors.joining());
        if (!row[AGE].isEmpty()) {
            int low = Integer.parseInt(row[AGE]) / 10 * 10;
            row[AGE] = low >= 90 ? "90+" : low + "-" + (low + 10);
        }
        int days = RANDOM.nextInt(182) + 1, shift = RANDOM.nextBoolean() ? days : -days;
        for (int i : new int[] {IN, OUT}) if (!row[i].isEmpty()) row[i] = LocalDate.parse(row[i]).plusDays(shift).toString();
    }

    static List<String[]> read(Path file) throws java.io.IOException { // null when it is no CSV; UTF-8 is checked
        String text = Files.readString(file);
        List<String[]> rows = new ArrayList<>();
        List<String> row = new ArrayList<>();
        Matcher cell = CELL.matcher(text);
        for (int at = 0; at < text.length(); at = cell.end()) {
            if (!cell.find()) return null;
            row.add(cell.group(1) != null ? cell.group(1).replace("\"\"", "\"") : cell.group(2));
            if (cell.group(3).equals(",") && cell.end() < text.length()) continue;
            rows.add(row.toArray(new String[0]));
            row.clear();
        }
        return rows;
    }

    static void answer(String status, String code, String path) throws java.io.IOException {
        String reason = code.isEmpty() ? "" : ",\"reason\":{\"code\":\"" + code + "\",\"path\":\"" + path + "\",\"message\":\"\"}";
        Files.writeString(response.resolve("response.json"), "{\"status\":\"" + status + "\"" + reason + "}");
    }

    static final String RELEASED = """
        {"name": "clinic-java", "version": "1.0.0",
         "tokumei": {"profile": "organization/1", "level": "release", "state": "released", "subjects": {"unit": "person", "key": "patients.患者ID"}},
         "resources": [{"name": "patients", "path": "patients.csv", "format": "csv", "encoding": "utf-8",
          "tokumei": {"role": "subject", "subjectKey": "患者ID", "rowUnit": "person", "order": "random", "generated": false},
          "schema": {"primaryKey": ["患者ID"], "missingValues": [""], "fields": [
           {"name": "患者ID", "type": "string", "constraints": {"required": true, "unique": true}, "tokumei": {"class": ["link"], "representation": {"kind": "value"}}},
           {"name": "年齢", "type": "string", "tokumei": {"class": ["quasi"], "representation": {"kind": "interval", "bounds": "[)", "separator": "-", "missing": [""]}}},
           {"name": "性別", "type": "string", "tokumei": {"class": ["quasi"], "representation": {"kind": "value", "missing": [""]}}},
           {"name": "受診日", "type": "date", "tokumei": {"class": ["date"], "precision": "day", "representation": {"kind": "value", "missing": [""]}}},
           {"name": "退院日", "type": "date", "tokumei": {"class": ["date"], "precision": "day", "representation": {"kind": "value", "missing": [""]}}},
           {"name": "病名", "type": "string", "tokumei": {"class": ["sensitive"], "representation": {"kind": "value", "missing": [""]}}},
           {"name": "来院方法", "type": "string", "tokumei": {"class": ["neutral"], "representation": {"kind": "value", "missing": [""]}}},
           {"name": "転帰", "type": "string", "tokumei": {"class": ["neutral"], "representation": {"kind": "value", "missing": [""]}}},
           {"name": "受診時間帯", "type": "string", "tokumei": {"class": ["neutral"], "representation": {"kind": "value", "missing": [""]}}}]}}]}
        """;
}
