// Prints each onboarding event once it is stored, and goes on where it was when it is started again.
//
//	NATS_URL=nats://127.0.0.1:4222 NATS_USER=reader NATS_PASSWORD=secret go run .
//
// NATS keeps how far this has got, in a durable consumer. Where a new one begins is said by START: a sequence
// of the stream (1 is the first event that stands); without it, with the next event. `go run . --again`
// removes the consumer first: that is a replay from START.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const stream = "ONBOARDING"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	connection, err := nats.Connect(
		setting("NATS_URL", nats.DefaultURL),
		nats.UserInfo(os.Getenv("NATS_USER"), os.Getenv("NATS_PASSWORD")),
		nats.MaxReconnects(-1),
	)
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	defer connection.Close()
	consumer, err := bind(ctx, connection)
	if err != nil {
		return fmt.Errorf("make the consumer: %w", err)
	}
	events, err := consumer.Messages(jetstream.PullMaxMessages(100))
	if err != nil {
		return fmt.Errorf("ask for events: %w", err)
	}
	context.AfterFunc(ctx, events.Stop)
	for {
		message, err := events.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return ctx.Err()
		}
		if err != nil {
			log.Printf("no event: %v", err)
			continue
		}
		if err := handle(message); err != nil {
			return err
		}
		if err := message.DoubleAck(ctx); err != nil {
			return fmt.Errorf("acknowledge %s: %w", message.Subject(), err)
		}
	}
}

// bind makes the durable consumer, or takes the one that stands. The user `reader` may make only the one of its
// own name. SUBJECT is onboarding.<event>.<site>.<server>: onboarding.server-ready.dcoa.* is every ready server
// of one site.
func bind(ctx context.Context, connection *nats.Conn) (jetstream.Consumer, error) {
	js, err := jetstream.New(connection)
	if err != nil {
		return nil, err
	}
	name := setting("DURABLE", "reader")
	if len(os.Args) > 1 && os.Args[1] == "--again" {
		if err := js.DeleteConsumer(ctx, stream, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, err
		}
	}
	standing, err := js.Consumer(ctx, stream, name)
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return standing, err
	}
	config := jetstream.ConsumerConfig{
		Name:          name,
		Durable:       name,
		FilterSubject: setting("SUBJECT", "onboarding.*.*.*"),
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       time.Minute, // What is not acknowledged comes again after that.
		DeliverPolicy: jetstream.DeliverNewPolicy,
	}
	if start, err := strconv.ParseUint(os.Getenv("START"), 10, 64); err == nil {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, start
	}
	return js.CreateConsumer(ctx, stream, config)
}

// handle is your work. The same event may come twice, when this dies in between: ce-id tells.
func handle(message jetstream.Msg) error {
	var event struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(message.Data(), &event); err != nil {
		return fmt.Errorf("read %s: %w", message.Subject(), err)
	}
	_, err := fmt.Println(message.Headers().Get("ce-id"), message.Subject(), event.Reason)
	return err
}

func setting(name, usual string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return usual
}
