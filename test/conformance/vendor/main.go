// Command conformance has Pangea's Go SDK, unmodified, verify what a ledger holds.
//
// With `search QUERY` it prints the error of a search that verifies, and the SDK's verdicts on each
// record; with `log KEYFILE COUNT` those on signed events that it logs itself, one after the other.
// LEDGER_URL and LEDGER_TOKEN say which ledger.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/pangeacyber/pangea-go/pangea-sdk/v5/pangea"
	"github.com/pangeacyber/pangea-go/pangea-sdk/v5/pangea/hash"
	"github.com/pangeacyber/pangea-go/pangea-sdk/v5/service/audit"
)

type verdicts struct {
	Message     string `json:"message"`
	Published   bool   `json:"published"`
	Hash        string `json:"hash"`
	Unescaped   bool   `json:"unescaped"`
	Signature   string `json:"signature"`
	Membership  string `json:"membership"`
	Consistency string `json:"consistency"`
}

type output struct {
	Error   string     `json:"error"`
	Records []verdicts `json:"records"`
}

func main() {
	var out output
	switch os.Args[1] {
	case "search":
		out = search(os.Args[2])
	case "log":
		count, err := strconv.Atoi(os.Args[3])
		check(err)
		out = log(os.Args[2], count)
	}
	check(json.NewEncoder(os.Stdout).Encode(out))
}

func search(query string) output {
	var out output
	client := newClient(audit.WithLogProofVerificationEnabled())
	input := audit.SearchInput{Query: query, Limit: 1000, MaxResults: 1000}
	if _, err := client.Search(context.Background(), &input); err != nil {
		out.Error = err.Error()
	}
	// One record that fails ends a search that verifies: here each is asked about by itself.
	lenient := newClient(audit.WithLogProofVerificationEnabled(), audit.DisableEventVerification())
	found, err := lenient.Search(context.Background(), &input)
	check(err)
	roots := publishedRoots(client, found.Result.Root)
	for _, record := range found.Result.Events {
		record.VerifyConsistencyProof(roots)
		out.Records = append(out.Records, verdicts{
			Message:     record.EventEnvelope.Event.(*audit.StandardEvent).Message,
			Published:   *record.Published,
			Hash:        audit.VerifyHash(record.RawEnvelope, record.Hash).String(),
			Unescaped:   hasUnescapedHash(record),
			Signature:   record.EventEnvelope.VerifySignature().String(),
			Membership:  record.MembershipVerification.String(),
			Consistency: record.ConsistencyVerification.String(),
		})
	}
	return out
}

func log(keyFile string, count int) output {
	var out output
	client := newClient(audit.WithLogProofVerificationEnabled(), audit.WithLogLocalSigning(keyFile))
	for at := range count {
		event := &audit.StandardEvent{Message: fmt.Sprintf("logged by Go %d", at)}
		logged, err := client.Log(context.Background(), event, true)
		check(err)
		result := logged.Result
		out.Records = append(out.Records, verdicts{
			Message:     event.Message,
			Hash:        audit.VerifyHash(result.RawEnvelope, result.Hash).String(),
			Signature:   result.SignatureVerification.String(),
			Membership:  result.MembershipVerification.String(),
			Consistency: result.ConcistencyVerification.String(),
		})
	}
	return out
}

func newClient(options ...audit.Option) audit.Client {
	client, err := audit.New(&pangea.Config{
		BaseURLTemplate: os.Getenv("LEDGER_URL"),
		Token:           os.Getenv("LEDGER_TOKEN"),
	}, options...)
	check(err)
	return client
}

// hasUnescapedHash says whether a record's hash is that of the text which the SDK hashes, once the five
// characters are put back that Go's JSON escapes and RFC 8785 does not.
func hasUnescapedHash(record *audit.SearchEvent) bool {
	text, err := json.Marshal(record.RawEnvelope)
	check(err)
	plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&",
		`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(string(text))
	return hash.Encode([]byte(plain)).String() == record.Hash
}

// publishedRoots are what the SDK would find in the public web archive, here from the ledger itself.
func publishedRoots(client audit.Client, latest *audit.Root) map[int]audit.Root {
	roots := map[int]audit.Root{}
	for size := 1; latest != nil && size <= latest.Size; size++ {
		answer, err := client.Root(context.Background(), &audit.RootInput{TreeSize: size})
		check(err)
		roots[size] = answer.Result.Data
	}
	return roots
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
